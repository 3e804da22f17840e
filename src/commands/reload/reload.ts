/**
 * `mapgate reload`: makes a running gateway read its configuration again, and reports a bad file.
 */
import { oneLine, printableJson } from '../../presentation/printable.ts'
import { AdminClient, problemText, property } from '../admin-client.ts'
import { readAdminSection } from '../admin-section.ts'
import { type AdminOptions, findAdmin } from '../admin-target.ts'
import { EXIT_CONFIG, EXIT_OK } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'

export interface ReloadOptions extends AdminOptions {
  readonly json?: boolean
}

export async function reload(options: ReloadOptions, io: CommandIo): Promise<number> {
  const client = new AdminClient(await findAdmin(options, io, readAdminSection))
  try {
    const { problem, body } = await client.send('POST', '/api/v1/reload')
    if (options.json === true) io.stdout.write(`${printableJson(body)}\n`)
    else if (problem === undefined) reportTaken(body, io)
    else reportBad(body, io)
    return problem === undefined ? EXIT_OK : EXIT_CONFIG
  } finally {
    await client.close()
  }
}

function reportTaken(body: unknown, io: CommandIo): void {
  const changes = texts(property(body, 'changes'))
  io.stdout.write(changes.length === 0 ? 'read again; nothing changed\n' : 'read again, and taken over:\n')
  for (const change of changes) io.stdout.write(`  ${change}\n`)
  for (const warning of texts(property(body, 'warnings'))) io.stderr.write(`warning: ${warning}\n`)
}

function reportBad(body: unknown, io: CommandIo): void {
  for (const error of texts(property(body, 'errors'))) io.stderr.write(`${error}\n`)
  io.stderr.write(`mapgate reload: ${problemText(body) ?? 'the configuration is bad'}\n`)
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map((text) => oneLine(String(text))) : []
}
