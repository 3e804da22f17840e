/**
 * An admin API that listens, and clients of its socket.
 */
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type AdminFixture, type AdminFixtureOptions, adminFixture } from '../../support/admin/admin-ports.ts'
import { bindTo } from '../../support/admin/bind-to.ts'

export async function listening(options?: AdminFixtureOptions): Promise<AdminFixture & { port: number }> {
  const fixture = await adminFixture(onTestFinished, { level: 'silent', ...options })
  await fixture.server.listen(bindTo('127.0.0.1', 0))
  return { ...fixture, port: (fixture.server.app.server.address() as AddressInfo).port }
}

export async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

export async function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const reply = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  return { status: reply.status, body: await reply.text() }
}
