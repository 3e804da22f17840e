/**
 * The rows about tables that are kept here as a whole.
 */
import { writeTimestamp } from '../core/observed/metric.ts'
import type { ReplicaChanges, ReplicaStatus } from '../core/replica/replica-status.ts'
import type { MetricSource, Row } from './metric-rows.ts'

const MS_PER_SECOND = 1000

export const REPLICA_ROWS: readonly Row[] = [
  {
    name: 'replica_entries',
    kind: 'gauge',
    help: 'Entries of the copy of a table, by table; 0 before the first one.',
    labels: ['table'],
    samples: (source, write) => each(source, (table, { entries }) => write({ table }, entries)),
  },
  {
    name: 'replica_last_copy_timestamp_seconds',
    kind: 'gauge',
    help: 'When the service gave the copy of a table, or said last that it is current, as Unix time, by table; absent before the first one.',
    labels: ['table'],
    samples: (source, write) =>
      each(source, (table, { copiedAtMs }) => writeTimestamp(write, { table }, copiedAtMs)),
  },
  {
    name: 'replica_last_change_timestamp_seconds',
    kind: 'gauge',
    help: 'When the entries of the copy of a table changed last, as Unix time, by table.',
    labels: ['table'],
    samples: (source, write) =>
      each(source, (table, { changedAtMs }) => writeTimestamp(write, { table }, changedAtMs)),
  },
  {
    name: 'replica_interval_seconds',
    kind: 'gauge',
    help: 'How often the list of a table is asked for, by table.',
    labels: ['table'],
    samples: (source, write) =>
      each(source, (table, { everyMs }) => write({ table }, everyMs / MS_PER_SECOND)),
  },
  {
    name: 'replica_list_bytes',
    kind: 'gauge',
    help: 'Size of the list that the copy of a table was made of, unpacked, by table.',
    labels: ['table'],
    samples: (source, write) =>
      each(source, (table, { bytes }) => {
        if (bytes !== undefined) write({ table }, bytes)
      }),
  },
  {
    name: 'replica_list_duration_seconds',
    kind: 'gauge',
    help: 'Time taken to read and store the list behind the current copy, by table.',
    labels: ['table'],
    samples: (source, write) =>
      each(source, (table, { durationMs }) => {
        if (durationMs !== undefined) write({ table }, durationMs / MS_PER_SECOND)
      }),
  },
  {
    name: 'replica_lists_total',
    kind: 'counter',
    help: 'Lists of a table that were asked for, by table and result: copied (or found current), held (kept aside), failed (not taken over, changes included).',
    labels: ['table', 'result'],
    samples: (source, write) =>
      each(source, (table, { copies, heldBack, failures }) => {
        write({ table, result: 'copied' }, copies)
        write({ table, result: 'held' }, heldBack)
        write({ table, result: 'failed' }, failures)
      }),
  },
  {
    name: 'replica_changes_total',
    kind: 'counter',
    help: 'Times that the changes of a table were asked for with an answer, by table and result: taken (taken over), unusable (the whole list was asked for instead).',
    labels: ['table', 'result'],
    samples: (source, write) =>
      eachWithChanges(source, (table, { rounds, unusable }) => {
        write({ table, result: 'taken' }, rounds)
        write({ table, result: 'unusable' }, unusable)
      }),
  },
  {
    name: 'replica_changes_unusable',
    kind: 'gauge',
    help: '1 while the changes of a table could not be used when they were asked for last, so that whole lists are read, else 0, by table.',
    labels: ['table'],
    samples: (source, write) =>
      eachWithChanges(source, (table, { lastProblem }) =>
        write({ table }, lastProblem === undefined ? 0 : 1),
      ),
  },
  {
    name: 'replica_changed_entries_total',
    kind: 'counter',
    help: 'Entries of the copy of a table that changes have set (new or with another value) or deleted, by table and change.',
    labels: ['table', 'change'],
    samples: (source, write) =>
      eachWithChanges(source, (table, { set, gone }) => {
        write({ table, change: 'set' }, set)
        write({ table, change: 'deleted' }, gone)
      }),
  },
  {
    name: 'replica_last_whole_list_timestamp_seconds',
    kind: 'gauge',
    help: 'When the whole list of a table was asked for that its copy goes back to, as Unix time, by table; only where changes are asked for.',
    labels: ['table'],
    samples: (source, write) =>
      eachWithChanges(source, (table, { listedAtMs }) => writeTimestamp(write, { table }, listedAtMs)),
  },
  {
    name: 'replica_held',
    kind: 'gauge',
    help: '1 while a list of a table is kept aside because it lacks too many keys of the copy, else 0, by table.',
    labels: ['table'],
    samples: (source, write) =>
      each(source, (table, { held }) => write({ table }, held === undefined ? 0 : 1)),
  },
]

function eachWithChanges(source: MetricSource, show: (table: string, changes: ReplicaChanges) => void): void {
  each(source, (table, { changes }) => {
    if (changes !== undefined) show(table, changes)
  })
}

function each({ status }: MetricSource, show: (table: string, replica: ReplicaStatus) => void): void {
  for (const { name, replica } of status.tables) if (replica !== undefined) show(name, replica)
}
