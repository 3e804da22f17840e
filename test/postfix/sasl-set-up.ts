/**
 * smtpd(8) on four ports, which authenticates by mapgate, over a service that a test scripts and an issuer of tokens.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mainCf } from '../../src/commands/main-cf/lines.ts'
import { parseConfig } from '../../src/gateway/load-config.ts'
import { startGateway } from '../support/gateway/gateway.ts'
import { type Cleanup, startHttpService } from '../support/http/http-service.ts'
import { startTokenIssuer } from '../support/http/token-issuer.ts'
import { writePostfixFiles } from '../support/postfix/files.ts'
import { startPostfix } from '../support/postfix/postfix.ts'
import { selfSignedPair } from '../support/programs/certificates.ts'
import { freePort } from '../support/programs/free-port.ts'

/** In every password and token of this file, and in nothing else. */
export const SECRET = 'gEheim77'

export const RIGHT = `right-${SECRET}`
export const WRONG = `wrong-${SECRET}`

export const base64 = (text: string) => Buffer.from(text).toString('base64')
export const plain = (user: string, password: string) => `\0${user}\0${password}`
export const xoauth2 = (user: string, token: string) => `user=${user}\x01auth=Bearer ${token}\x01\x01`
export const bearer = (user: string, token: string) => `n,a=${user},\x01auth=Bearer ${token}\x01\x01`

/** What runs, and the configuration it runs with. */
export type SaslParts = Awaited<ReturnType<typeof startSasl>>

export async function startSasl(cleanup: Cleanup) {
  const service = await startHttpService(cleanup)
  const issuer = await startTokenIssuer(cleanup)
  const files = await writePostfixFiles(cleanup)
  const yaml = `
listeners:
  - protocol: sasl
    listen: "unix:${files.queueDirectory}/auth"
    mode: "0666"
    table: accounts
    mechanisms: [PLAIN, LOGIN, XOAUTH2, OAUTHBEARER]
    failDelay: 10ms
  - protocol: sasl
    listen: "unix:${files.queueDirectory}/tokens"
    mode: "0666"
    table: tokens
    mechanisms: [XOAUTH2, OAUTHBEARER]
    failDelay: 10ms
admin: { listen: "inet:127.0.0.1:0", anonymous: operator }
log: { level: debug }
upstreams:
  d: { endpoints: ["${service.origin}"], timeout: 500ms }
  identity: { jwks: { url: "${issuer.url}" } }
tables:
  tokens:
    upstream: identity
    deadline: 1s
    jwt: { issuer: "${issuer.name}", audience: [mail], user: email }
  accounts:
    upstream: d
    deadline: 1s
    request:
      method: POST
      path: /auth
      json: { user: "{attribute.user}", password: "{attribute.password}", token: "{attribute.token}", all: "{attributes}" }
    response:
      user: $.user
      foundMark: { jsonPath: "$[?$.result=='ok']" }
      refused: [200, 401]
      refusedMark: { jsonPath: "$[?$.result=='wrong']" }
`
  const gateway = await startGateway(cleanup, yaml)
  const pair = selfSignedPair()
  const [cert, key] = [join(files.directory, 'cert.pem'), join(files.directory, 'key.pem')]
  writeFileSync(cert, pair.cert)
  writeFileSync(key, pair.key, { mode: 0o600 })
  const submissionPort = await freePort()
  const tokenPort = await freePort()
  const strictPort = await freePort()
  const lines = mainCf(await parseConfig(yaml.replaceAll('127.0.0.1:0', '127.0.0.1:1'), 'c.yaml'))
  const printed = [...lines.matchAll(/^(smtpd_sasl_type|smtpd_sasl_security_options) = (.*)$/gm)]
  const postfix = await startPostfix(
    cleanup,
    {
      ...Object.fromEntries(printed.map(([, name = '', value = '']) => [name, value])),
      smtpd_sasl_path: 'auth',
      smtpd_sasl_auth_enable: 'yes',
      smtpd_tls_cert_file: cert,
      smtpd_tls_key_file: key,
      mynetworks: '',
      smtpd_client_connection_count_limit: '0',
      smtpd_relay_restrictions: 'permit_sasl_authenticated, reject',
    },
    {
      files,
      services: [
        'tlsmgr unix - - n 1000? 1 tlsmgr',
        `127.0.0.1:${tokenPort} inet n - n - - smtpd -o smtpd_sasl_path=tokens`,
        `127.0.0.1:${strictPort} inet n - n - - smtpd -o smtpd_sasl_security_options=noanonymous,noplaintext`,
        `127.0.0.1:${submissionPort} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes`,
      ],
    },
  )
  return { service, gateway, postfix, issuer, yaml, submissionPort, tokenPort, strictPort }
}
