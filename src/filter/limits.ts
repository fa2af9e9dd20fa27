/** Characters of an expression: 5,000 `or`ed IPv4 hosts. A longer one is a mistake, such as a file given for a filter. */
export const filterCharsMax = 262_144;

/** Brackets, `not`s and alternations of `and` and `or` within each other: each is a call deep in parser and compiler. */
export const filterDepthMax = 200;
