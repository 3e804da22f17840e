/**
 * What is said of a file before its settings can be checked.
 */
import type { ProblemCatalogue } from '../schema/problem.ts'

export const FILE_PROBLEMS = {
  'file-empty': 'is empty or no map; the shortest file has "listeners", "upstreams" and "tables"',
  'key-unknown': 'unknown key …; …',
  'name-unusable': '… cannot be a name here; …',
} as const satisfies ProblemCatalogue
