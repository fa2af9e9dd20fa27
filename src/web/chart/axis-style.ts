import type uPlot from 'uplot';

/** The value that a colour or font of tokens.css has now, light or dark: a canvas takes no names. */
export function styleToken(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** What axes of all charts have in common. */
export function axisStyle(): Pick<uPlot.Axis, 'stroke' | 'grid' | 'ticks' | 'font'> {
  const line = styleToken('--line');
  return {
    stroke: styleToken('--ink-soft'),
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
    font: `11px ${styleToken('--font')}`,
  };
}
