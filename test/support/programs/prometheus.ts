/**
 * A private Prometheus for a test: Debian's program with a configuration, a data folder and a
 * port of its own on loopback, ended and removed with the test.
 *
 *   const prometheus = await startPrometheus(t, { target: '127.0.0.1:8466' })
 *   await prometheus.valueOf('sum(mapgate_lookups_total)', (value) => value > 0)
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Cleanup } from '../http/http-service.ts'
import { freePort } from './free-port.ts'

/** Longest wait for the program to be ready and for a query to have its value, ms. */
const PATIENCE_MS = 20_000

/** Between two looks, ms. */
const LOOK_EVERY_MS = 100

export interface PrometheusOptions {
  /** `HOST:PORT` of what is scraped. */
  readonly target: string
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string
  /** As Prometheus writes it; default `500ms`. */
  readonly scrapeInterval?: string
  /** Files with rules, absolute. */
  readonly ruleFiles?: readonly string[]
}

/** One value of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** Returns which of Debian's package `prometheus` is not installed. */
export function missingPrometheus(): string | undefined {
  const missing = ['prometheus', 'promtool'].some(
    (program) => spawnSync(program, ['--version']).error !== undefined,
  )
  return missing ? 'needs prometheus: apt-get install prometheus' : undefined
}

/** What `promtool check metrics` has to say about an exposition text; '' when it is clean. */
export function checkMetrics(exposition: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: exposition,
    encoding: 'utf8',
  })
  const said = `${stdout}${stderr}`.trim()
  return status === 0 ? said : `ended with ${status}: ${said}`
}

export class Prometheus {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string

  constructor(origin: string) {
    this.origin = origin
  }

  /** Answers an instant query. @throws with what Prometheus said against it. */
  async query(expression: string): Promise<Sample[]> {
    const response = await fetch(`${this.origin}/api/v1/query?query=${encodeURIComponent(expression)}`)
    const answer = (await response.json()) as {
      status: string
      error?: string
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] }
    }
    if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`)
    return (answer.data?.result ?? []).map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
  }

  /** Waits until a query has one value that is as wanted, and gives it. */
  async valueOf(expression: string, wanted: (value: number) => boolean): Promise<number> {
    const givenUpMs = performance.now() + PATIENCE_MS
    for (;;) {
      const samples = await this.query(expression)
      const value = samples[0]?.value
      if (samples.length === 1 && value !== undefined && wanted(value)) return value
      if (performance.now() > givenUpMs)
        throw new Error(`waited in vain for ${expression}, which is ${JSON.stringify(samples)}`)
      await delay(LOOK_EVERY_MS)
    }
  }
}

/** Starts a Prometheus that ends with the test. */
export async function startPrometheus(t: Cleanup, options: PrometheusOptions): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-prometheus-'))
  const interval = options.scrapeInterval ?? '500ms'
  const { target, token, ruleFiles = [] } = options
  const config = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    scrape_configs: [
      {
        job_name: 'mapgate',
        static_configs: [{ targets: [target] }],
        ...(token !== undefined && { authorization: { credentials: token } }),
      },
    ],
    rule_files: ruleFiles,
  }
  // JSON is YAML, too.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const port = await freePort()
  const child = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  t.onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const prometheus = new Prometheus(`http://127.0.0.1:${port}`)
  const givenUpMs = performance.now() + PATIENCE_MS
  while (!(await isReady(prometheus.origin))) {
    if (performance.now() > givenUpMs) throw new Error('prometheus does not start')
    await delay(LOOK_EVERY_MS)
  }
  return prometheus
}

function isReady(origin: string): Promise<boolean> {
  return fetch(`${origin}/-/ready`).then(
    ({ ok }) => ok,
    () => false, // not listening yet
  )
}
