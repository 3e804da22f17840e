/**
 * A metric as a row of a table: what it is called, what it counts, and where its samples come from.
 * Rows are data, so that an upstream kind brings its own without knowing who shows them.
 */
export type Labels = Readonly<Record<string, string>>

/** Gives one sample. */
export type Write = (labels: Labels, value: number) => void

export interface Metric<Source> {
  /** Without the prefix of the program. https://prometheus.io/docs/practices/naming/ */
  readonly name: string
  readonly kind: 'counter' | 'gauge'
  /** One sentence: what is counted, when, by which labels. */
  readonly help: string
  /** Closed sets or names of the configuration, never what a client sent. */
  readonly labels: readonly string[]
  /** Called when Prometheus scrapes. */
  samples(source: Source, write: Write): void
}

const MS_PER_SECOND = 1000

/** An instant that is not known yet is left out rather than shown as 1970. */
export function writeTimestamp(write: Write, labels: Labels, wallMs: number | undefined): void {
  if (wallMs !== undefined) write(labels, wallMs / MS_PER_SECOND)
}
