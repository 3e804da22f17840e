/** Replies that are complete and yet none of the question asked. */
import { describe, expect, test } from 'vitest'
import {
  isOfClientCertificate,
  isOfTlsPort,
  whyNoReply,
} from '../../../../../src/upstreams/http-client/reply/wrong-replies.ts'

function reply(status: number, body = '', headers: Readonly<Record<string, string>> = {}) {
  return { status, headers, body: Buffer.from(body) }
}

describe('a port for TLS that was asked without it', () => {
  for (const said of [
    'The plain HTTP request was sent to HTTPS port', // nginx
    "Reason: You're speaking plain HTTP to an SSL-enabled server port.", // Apache
    'Client sent an HTTP request to an HTTPS server.', // Go
    'This combination of host and port requires TLS.', // Tomcat
  ])
    test(`says: ${said}`, () => {
      expect(isOfTlsPort(reply(400, `<p>${said}</p>`))).toBe(true)
    })

  test('is seen within the first 4096 bytes', () => {
    const sentence = 'HTTP request to an HTTPS server'
    const behind = (bytes: number) => isOfTlsPort(reply(400, `${'x'.repeat(bytes)}${sentence}`))
    expect([behind(4096 - sentence.length), behind(4097 - sentence.length)]).toEqual([true, false])
  })

  test('is no other refusal', () => {
    expect(isOfTlsPort(reply(400, 'The request to the server was bad'))).toBe(false)
  })
})

describe('a client certificate that was refused', () => {
  test('has the status 495 or 496, or nginx says so with 400', () => {
    expect([494, 495, 496, 497].map((status) => isOfClientCertificate(reply(status)))).toEqual([
      false,
      true,
      true,
      false,
    ])
    for (const said of ['The SSL certificate error', 'No required SSL certificate was sent'])
      expect([400, 403].map((status) => isOfClientCertificate(reply(status, said)))).toEqual([true, false])
    expect(isOfClientCertificate(reply(400, 'bad request'))).toBe(false)
  })
})

describe('a reply', () => {
  test('that is a part says nothing about the whole', () => {
    expect(whyNoReply(reply(200, 'a', { 'content-range': 'bytes 0-0/2' }))).toMatchObject({
      text: 'the service answered with a part of a reply (content-range), which was not asked for',
    })
  })

  test('204 has no transfer coding, others may', () => {
    const chunked = { 'transfer-encoding': 'chunked' }
    expect(whyNoReply(reply(204, '', chunked))).toMatchObject({
      text: 'the service does not speak valid HTTP',
    })
    expect(whyNoReply(reply(200, '', chunked))).toBeUndefined()
    expect(whyNoReply(reply(204))).toBeUndefined()
  })
})
