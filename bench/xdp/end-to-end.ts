export async function endToEnd(_compiler: string, _source: string): Promise<void> {}
