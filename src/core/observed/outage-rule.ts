/** By which rule a lookup was answered in an outage (outage/outage-rules.ts). A closed set: it is a metric label. */
export type OutageRule = 'existence' | 'combined' | 'stale-not-found' | 'when-unknown'
