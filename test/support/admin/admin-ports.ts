/**
 * The admin API with a program behind it that a test scripts: real log, events, history and metrics.
 */
import { NO_PAGE } from '../../../src/admin/page-files.ts'
import type { AdminPorts, AdminSettings } from '../../../src/admin/ports.ts'
import { AdminServer, type AdminServerOptions } from '../../../src/admin/server.ts'
import { Observability } from '../../../src/observability/observability.ts'
import { Redactor } from '../../../src/observability/redaction.ts'
import { ScriptedProgram } from './scripted-program.ts'
import { type OnFinished, type TestLog, type TestLogOptions, testLog } from './test-log.ts'

export const VIEWER_TOKEN = 'viewer-token-1234'
export const OPERATOR_TOKEN = 'operator-token-5678'

export interface AdminFixture {
  readonly program: ScriptedProgram
  readonly server: AdminServer
  readonly observability: Observability
  readonly log: TestLog
}

export interface AdminFixtureOptions extends TestLogOptions {
  readonly settings?: Partial<AdminSettings>
  readonly limits?: AdminServerOptions['limits']
  readonly ports?: Partial<AdminPorts>
}

/** Anonymous viewer, one token for each role, on loopback. */
export const SETTINGS: AdminSettings = {
  address: { kind: 'inet', host: '127.0.0.1', port: 0 },
  anonymous: 'viewer',
  tokens: [
    { token: VIEWER_TOKEN, role: 'viewer' },
    { token: OPERATOR_TOKEN, role: 'operator' },
  ],
  hosts: ['mapgate.example'],
  metrics: 'viewer',
  tls: undefined,
}

export async function adminFixture(
  onFinished: OnFinished,
  options: AdminFixtureOptions = {},
): Promise<AdminFixture> {
  const program = new ScriptedProgram()
  const redactor = options.redactor ?? new Redactor([VIEWER_TOKEN, OPERATOR_TOKEN])
  const log = await testLog(onFinished, { ...options, redactor })
  const { logging } = log
  const observability = new Observability({
    clock: program.clock,
    logging,
    redactor,
    status: () => program.status,
    version: '1.2.3',
    protocols: ['socketmap', 'tcp_table', 'admin'],
  })
  const ports: AdminPorts = {
    clock: program.clock,
    lookup: program,
    status: () => program.status,
    readiness: () => program.readiness,
    drills: () => (program.drill === undefined ? [] : [program.drill]),
    control: program.control,
    metrics: observability.metrics,
    events: observability.events,
    history: observability.history,
    problems: observability.problems,
    logger: logging.logger,
    renderKey: (key) => logging.renderKey(key),
    redactJson: (json) => redactor.json(json),
    redactForeign: (text) => redactor.foreign(text),
    wireReplies: (_table, result) =>
      new Map(
        result.kind === 'found'
          ? [
              ['socketmap', { told: result, text: `${3 + result.value.length}:OK ${result.value},` }],
              ['tcp_table', { told: result, text: `200 ${result.value}\n` }],
            ]
          : [
              ['socketmap', { told: result, text: '9:NOTFOUND ,' }],
              ['tcp_table', { told: result, text: '500 not%20found\n' }],
            ],
      ),
    protocols: ['socketmap', 'tcp_table'],
    secretAttributes: ['password'],
    defect: (error) => program.defects.push(error),
    version: '1.2.3',
    page: NO_PAGE,
    ...options.ports,
  }
  const settings = { ...SETTINGS, ...options.settings }
  const server = await AdminServer.create({
    settings,
    ports,
    ...(options.limits && { limits: options.limits }),
  })
  onFinished(() => server.close())
  return { program, server, observability, log }
}
