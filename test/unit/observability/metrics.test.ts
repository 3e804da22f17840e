import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Attributes } from '../../../src/core/attributes.ts'
import { type Found, found, NOT_FOUND, permanent, temporary } from '../../../src/core/result.ts'
import { Observability } from '../../../src/observability/observability.ts'
import { Redactor } from '../../../src/observability/redaction.ts'
import { UPSTREAM_KINDS } from '../../../src/upstreams/registry.ts'
import { READY } from '../../support/admin/scripted-program.ts'
import { testLog } from '../../support/admin/test-log.ts'
import { ManualClock } from '../../support/clock/manual-clock.ts'

async function observe(): Promise<Observability> {
  const { logging } = await testLog(onTestFinished, { level: 'silent' })
  const redactor = new Redactor()
  return new Observability({
    clock: new ManualClock(),
    logging,
    redactor,
    status: () => ({
      ...READY,
      tables: READY.tables.map((table) => (table.name === 'aliases' ? { ...table, holdsLoss: true } : table)),
    }),
    version: '1.2.3',
    protocols: ['socketmap', 'tcp_table', 'admin'],
    upstreamKinds: UPSTREAM_KINDS.values(),
  })
}

function query(protocol: string, table: string, key: string) {
  return { protocol, table, key: Buffer.from(key) }
}

/** Counts something of every kind, so that every metric has a sample. */
function useEverything({ observer, counters, eventLog }: Observability): void {
  const table = observer.table('aliases')
  table.answered(query('socketmap', 'aliases', 'a@b.example'), found('x'), 'upstream', 250, undefined)
  table.answered(query('tcp_table', 'aliases', 'a@b.example'), found('x'), 'upstream', 0.02, undefined)
  const client = { deliverable: (result: Found) => result, replyKind: () => 'reject' }
  const asked = { ...query('asked', 'greylist', 'a@b.example'), attributes: new Attributes([]), client }
  observer.table('greylist').answered(asked, found('REJECT x'), 'upstream', 1, undefined)
  table.answered(query('socketmap', 'aliases', 'c@b.example'), NOT_FOUND, 'cache', 0.02, undefined)
  table.answered(
    query('admin', 'aliases', 'd@b.example'),
    temporary('timeout', 'no answer'),
    'upstream',
    5000,
    undefined,
  )
  observer
    .table('')
    .answered(
      query('socketmap', 'nosuch', 'e'),
      permanent('no-table', 'no such table'),
      'refused',
      0.01,
      undefined,
    )
  table.cacheLooked('hit')
  table.tierLooked('hit')
  observer.tier.replied(1, 100)
  observer.tier.failed('timeout')
  observer.tier.wrote('stored', 2, 300)
  observer.tier.purged()
  observer.tier.foreignEntry()
  table.cacheEvicted(3)
  table.outageAnswered('when-unknown')
  table.lossChanged(true)
  table.storeAnswered('put', 'done', 20)
  table.storeAnswered('put', 'temporary', 30)
  table.storeAnswered('scan', 'entry', 0.4)
  const upstream = observer.upstream('directory')
  upstream.requestEnded('0 dir.example', 'found', 30)
  upstream.requestEnded('0 dir.example', 'timeout', 2000)
  upstream.retried()
  upstream.hedged()
  upstream.shed()
  const listener = observer.listener('inet:127.0.0.1:0')
  listener.connectionOpened()
  listener.connectionShed()
  listener.connectionRefused('limit')
  listener.protocolError('length-syntax')
  listener.passFailed('connect', 'nobody listens there')
  observer.defect(new Error('a bug'), 'resolver')
  counters.upstream('directory').drills += 1
  counters.reloads.ok += 1
  counters.lastReloadMs = 1_767_225_600_000
  counters.cacheFileSavedMs = 1_767_225_601_500
  eventLog.reloadFailed(['mapgate.yaml:1:1: bad'])
}

describe('metrics', () => {
  const lines: string[] = [
    'mapgate_lookups_total{protocol="socketmap",table="aliases",result="found"} 1',
    'mapgate_lookups_total{protocol="tcp_table",table="aliases",result="found"} 1',
    'mapgate_lookups_total{protocol="tcp_table",table="aliases",result="permanent"} 0',
    'mapgate_lookups_total{protocol="socketmap",table="",result="permanent"} 1',
    'mapgate_lookup_failures_total{table="aliases",cause="timeout"} 1',
    'mapgate_lookup_duration_seconds_bucket{le="0.000025",table="aliases",source="cache"} 1',
    'mapgate_lookup_duration_seconds_bucket{le="0.1",table="aliases",source="upstream"} 1',
    'mapgate_lookup_duration_seconds_bucket{le="0.25",table="aliases",source="upstream"} 2',
    'mapgate_lookup_duration_seconds_bucket{le="+Inf",table="aliases",source="upstream"} 3',
    'mapgate_lookup_duration_seconds_count{table="aliases",source="upstream"} 3',
    'mapgate_lookup_duration_seconds_sum{table="aliases",source="upstream"} 5.25002',
    'mapgate_cache_requests_total{table="aliases",outcome="hit"} 1',
    'mapgate_cache_requests_total{table="aliases",outcome="miss"} 0',
    'mapgate_cache_entries{table="aliases",kind="found"} 3',
    'mapgate_cache_entries{table="aliases",kind="notfound"} 2',
    'mapgate_cache_bytes{table="aliases"} 1000',
    'mapgate_cache_evictions_total{table="aliases"} 3',
    'mapgate_shared_store_up 1',
    'mapgate_shared_store_requests_total{table="aliases",outcome="hit"} 1',
    'mapgate_shared_store_requests_total{table="aliases",outcome="miss"} 0',
    'mapgate_shared_store_request_duration_seconds_count 1',
    'mapgate_shared_store_request_duration_seconds_sum 0.001',
    'mapgate_shared_store_failures_total{why="timeout"} 1',
    'mapgate_shared_store_writes_total{result="stored"} 2',
    'mapgate_shared_store_bytes_total{direction="read"} 100',
    'mapgate_shared_store_bytes_total{direction="written"} 300',
    'mapgate_shared_store_purges_total 1',
    'mapgate_shared_store_foreign_entries_total 1',
    'mapgate_outage_readiness_ratio{table="aliases"} 0.9',
    'mapgate_drills_total{upstream="directory"} 1',
    'mapgate_drill_active{upstream="directory"} 0',
    'mapgate_replies_total{protocol="asked",table="greylist",reply="reject"} 1',
    'mapgate_loss_guard_active{table="aliases"} 1',
    'mapgate_outage_answers_total{table="aliases",rule="when-unknown"} 1',
    'mapgate_store_requests_total{table="aliases",operation="put",result="done"} 1',
    'mapgate_store_requests_total{table="aliases",operation="put",result="temporary"} 1',
    'mapgate_store_requests_total{table="aliases",operation="scan",result="entry"} 1',
    'mapgate_store_request_duration_seconds_bucket{le="0.025",table="aliases",operation="put"} 1',
    'mapgate_store_request_duration_seconds_sum{table="aliases",operation="put"} 0.05',
    'mapgate_store_request_duration_seconds_count{table="aliases",operation="scan"} 1',
    'mapgate_cache_file_last_save_timestamp_seconds 1767225601.5',
    'mapgate_upstream_requests_total{upstream="directory",endpoint="0 dir.example",outcome="timeout"} 1',
    'mapgate_upstream_request_duration_seconds_sum{upstream="directory",endpoint="0 dir.example"} 2.03',
    'mapgate_upstream_in_flight{upstream="directory"} 1',
    'mapgate_upstream_queued{upstream="directory"} 2',
    'mapgate_upstream_shed_total{upstream="directory"} 1',
    'mapgate_upstream_token_requests_total{upstream="directory",outcome="ok"} 1',
    'mapgate_upstream_token_requests_total{upstream="directory",outcome="refused"} 1',
    'mapgate_upstream_token_expiry_timestamp_seconds{upstream="directory"} 1800000000',
    'mapgate_upstream_token_failing{upstream="directory"} 1',
    'mapgate_upstream_retries_total{upstream="directory"} 1',
    'mapgate_upstream_hedges_total{upstream="directory"} 1',
    'mapgate_upstream_certificate_expiry_timestamp_seconds{upstream="directory",endpoint="0 dir.example"} 1800000000',
    'mapgate_circuit_state{upstream="directory",endpoint="0 dir.example"} 2',
    'mapgate_circuit_state{upstream="directory",endpoint="1 dir2.example"} 0',
    'mapgate_endpoint_answers_only_known{upstream="directory",endpoint="0 dir.example"} 0',
    'mapgate_endpoint_answers_only_known{upstream="directory",endpoint="1 dir2.example"} 1',
    'mapgate_store_entries{upstream="learned"} 12',
    'mapgate_store_bytes{upstream="learned"} 3400',
    'mapgate_store_evictions_total{upstream="learned"} 0',
    'mapgate_upstream_keys{upstream="keycloak"} 2',
    'mapgate_upstream_keys_fetched_timestamp_seconds{upstream="keycloak"} 1800000000',
    'mapgate_upstream_keys_failing{upstream="keycloak"} 0',
    'mapgate_login_tokens_total{upstream="keycloak",outcome="expired"} 3',
    'mapgate_canary_up{table="aliases",upstream="directory",endpoint="0 dir.example"} 1',
    'mapgate_connections{listener="inet:127.0.0.1:0"} 7',
    'mapgate_connections_total{listener="inet:127.0.0.1:0"} 1',
    'mapgate_connections_refused_total{listener="inet:127.0.0.1:0",reason="limit"} 1',
    'mapgate_connections_shed_total{listener="inet:127.0.0.1:0"} 1',
    'mapgate_protocol_errors_total{listener="inet:127.0.0.1:0",kind="length-syntax"} 1',
    'mapgate_pass_failures_total{listener="inet:127.0.0.1:0",cause="connect"} 1',
    'mapgate_defects_total 1',
    'mapgate_log_lines_dropped_total 0',
    'mapgate_ready 1',
    'mapgate_config_reloads_total{result="ok"} 1',
    'mapgate_config_last_reload_timestamp_seconds 1767225600',
    `mapgate_build_info{version="1.2.3",node_version="${process.version}"} 1`,
  ]

  test('the exposition text has every number where Prometheus looks for it', async () => {
    const observability = await observe()
    useEverything(observability)
    const text = (await observability.metrics.text()).split('\n')
    for (const line of lines) expect(text).toContain(line)
  })

  test('what has no configured table is counted for lookups, and is no table of the cache or the loss guard', async () => {
    const observability = await observe()
    useEverything(observability)
    const text = (await observability.metrics.text()).split('\n')
    const nameless = text.filter((line) => line.includes('table=""')).map((line) => line.split('{')[0] ?? '')
    expect(nameless).toContain('mapgate_lookups_total')
    expect(nameless.filter((name) => /^mapgate_(cache|loss|outage|canary)/.test(name))).toEqual([])
  })

  test('a second scrape says the same, not twice as much', async () => {
    const observability = await observe()
    useEverything(observability)
    await observability.metrics.text()
    const text = (await observability.metrics.text()).split('\n')
    for (const line of lines) expect(text).toContain(line)
  })

  test('scrapes at the same moment share one', async () => {
    const { metrics } = await observe()
    expect(metrics.text()).toBe(metrics.text())
  })

  test('every metric has a sample once everything was used', async () => {
    const observability = await observe()
    useEverything(observability)
    const text = await observability.metrics.text()
    for (const { name } of (await observability.metrics.scraped()).registry.getMetricsAsArray()) {
      if (name.startsWith('mapgate_')) expect(text).toMatch(new RegExp(`^${name}(_bucket)?(\\{.*\\})? `, 'm'))
    }
  })

  test('what is not known yet is absent, not 0', async () => {
    const { metrics } = await observe()
    const text = await metrics.text()
    expect(text).not.toMatch(/^mapgate_config_last_reload_timestamp_seconds /m)
    expect(text).not.toMatch(/^mapgate_cache_file_last_save_timestamp_seconds /m)
  })

  test('the text of a histogram is the same that prom-client makes, whatever the names hold', async () => {
    const observability = await observe()
    useEverything(observability)
    const odd = 'a"b\\c\nd'
    observability.observer.table(odd).answered(query('admin', odd, 'a'), NOT_FOUND, 'cache', 1, undefined)
    const { registry } = await observability.metrics.scraped()
    const theirs = await registry.getSingleMetricAsString('mapgate_lookup_duration_seconds')
    expect(theirs).toContain('table="a\\"b\\\\c\\nd"')
    expect(await observability.metrics.text()).toContain(`\n\n${theirs}\n\n`)
  })

  test('prom-client reads the collected histogram as JSON as well', async () => {
    const observability = await observe()
    useEverything(observability)
    const { registry } = await observability.metrics.scraped()
    const metric = registry.getSingleMetric('mapgate_lookup_duration_seconds')
    const { values, type } = (await metric?.get()) ?? { values: [], type: '' }
    expect(type).toBe('histogram')
    const labels = { table: 'aliases', source: 'upstream' }
    expect(values).toContainEqual({ metricName: 'mapgate_lookup_duration_seconds_count', labels, value: 3 })
  })

  test('promtool finds nothing to complain about', async ({ skip }) => {
    const observability = await observe()
    useEverything(observability)
    const input = await observability.metrics.text()
    const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    })
    if (error !== undefined && process.env.CI !== 'true')
      skip('promtool is not installed (Debian package prometheus)')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('no label ever holds what a client sent', async () => {
    const observability = await observe()
    useEverything(observability)
    const before = await series(observability)
    // Nothing that occurs in the names above by chance.
    const sent = fc.string({ minLength: 1 }).map((text) => `§${text}§`)
    const results = fc.constantFrom(
      found('§value§'),
      NOT_FOUND,
      temporary('connect', 'refused'),
      permanent('refused', 'no'),
    )
    const protocols = fc.constantFrom<string>('socketmap', 'tcp_table', 'admin')
    fc.assert(
      fc.property(protocols, sent, sent, results, (protocol, table, key, result) => {
        observability.observer
          .table('')
          .answered(query(protocol, table, key), result, 'refused', 1, undefined)
        observability.observer
          .table('aliases')
          .answered(query(protocol, 'aliases', key), result, 'cache', 1, undefined)
      }),
    )
    const after = await series(observability)
    expect(after.filter((name) => name.includes('§'))).toEqual([])
    // Only closed sets grew: a cause, and durations by source. A client cannot add a series per key.
    expect(after.length - before.length).toBeLessThan(30)
  })
})

/** Every sample's name and labels. */
async function series({ metrics }: Observability): Promise<string[]> {
  const text = await metrics.text()
  return text.split('\n').flatMap((line) => /^(mapgate_\S*(?:\{.*\})?) \S+$/.exec(line)?.[1] ?? [])
}

describe('docs/metrics.md', () => {
  test('describes exactly the metrics that there are, with their type, labels and help', async () => {
    const { metrics } = await observe()
    const documented = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `mapgate_'))
    const actual: string[] = []
    const { registry } = await metrics.scraped()
    for (const { name, help, type } of await registry.getMetricsAsJSON()) {
      if (!name.startsWith('mapgate_')) continue
      const labels = labelNamesOf(registry.getSingleMetric(name)).map((label) => `\`${label}\``)
      actual.push(`| \`${name}\` | ${type} | ${labels.join(' ')} | ${help} |`)
    }
    expect(documented).toEqual(actual)
  })
})

/** prom-client keeps the label names and does not declare them. */
function labelNamesOf(metric: object | undefined): string[] {
  return metric !== undefined && 'labelNames' in metric ? (metric.labelNames as string[]) : []
}
