/**
 * A login as nginx's mail proxy asks about it: header fields and no body. Pure.
 *
 *   GET PATH
 *   Auth-Method: plain            or xoauth2, oauthbearer, with the token in the place of the password
 *   Auth-User: NAME               these two percent-encoded: space, %, controls and what is not ASCII
 *   Auth-Pass: PASSWORD
 *   Auth-Protocol: smtp
 *   Auth-Login-Attempt: 1
 *   Auth-SSL: on                  in a TLS session only
 *   Client-IP: ADDRESS
 *
 * Source: nginx, "Module ngx_mail_auth_http_module"; NGX_ESCAPE_MAIL_AUTH of `src/core/ngx_string.c`
 */
import type { Attributes } from '../../../core/attributes.ts'
import { escapeHeader } from './escape.ts'

/** The word in the configuration, in the place of a form. */
export const AUTH_HTTP = 'auth_http'

/** The attributes that are sent. */
export const AUTH_HTTP_ATTRIBUTES = [
  'user',
  'password',
  'token',
  'mechanism',
  'secured',
  'client_address',
] as const

export function authHttpFields(attributes: Attributes | undefined): Readonly<Record<string, string>> {
  const of = (name: (typeof AUTH_HTTP_ATTRIBUTES)[number]) => escaped(attributes?.get(name) ?? '')
  const token = of('token')
  return {
    'auth-method': token === '' ? 'plain' : of('mechanism').toLowerCase(),
    'auth-user': of('user'),
    'auth-pass': token === '' ? of('password') : token,
    'auth-protocol': 'smtp',
    // A login is one question: smtpd does not count them.
    'auth-login-attempt': '1',
    ...(of('secured') === '' ? {} : { 'auth-ssl': 'on' }),
    'client-ip': of('client_address'),
  }
}

function escaped(text: string): string {
  return escapeHeader(text).replaceAll(' ', '%20')
}
