/**
 * A greeting that waits for the client's silence: Postfix 3.4 and 3.5 ask at once, and take a greeting for a wrong reply.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../../support/gateway/gateway.ts'

async function connected() {
  const folder = mkdtempSync(join(tmpdir(), 'mapgate-greeting-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { gateway } = await startGateway(
    { onTestFinished },
    `
listeners: [{ protocol: proxymap, listen: "unix:${folder}/proxymap" }]
upstreams: { fixed: { entries: { a: b } } }
tables: { aliases: { upstream: fixed } }
`,
  )
  const socket = connect(join(folder, 'proxymap'))
  onTestFinished(() => void socket.destroy())
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk.replaceAll('\0', '|')
  })
  await expect.poll(() => gateway.status().listeners[0]?.connections, { interval: 1 }).toBe(1)
  return { socket, text: () => text }
}

test('a client that is silent is greeted', async () => {
  const { text } = await connected()
  await expect.poll(text).toBe('protocol|proxymap_protocol||')
})

test('a client that asks at once is not greeted, however busy the program is', async () => {
  const { socket, text } = await connected()
  socket.write('request|lookup|table|mapgate:aliases|flags|0|key|a||'.replaceAll('|', '\0'))
  // Nothing is read meanwhile, and then the time of the greeting has come.
  const busyUntilMs = performance.now() + 120
  while (performance.now() < busyUntilMs);
  await expect.poll(text).toBe('status|0|value|b||')
})
