/**
 * The parts of undici that requests are made with. The package's own entry loads fetch, WebSocket, caches and mocks
 * as well: twice the time of a start, and 9 MB of an idle process (`bench/RESULTS.md`). Its folders are no promise of
 * undici: its version is in package-lock.json, and a build ends where a file has moved.
 */
import type * as Undici from 'undici'
import api from 'undici/lib/api/index.js'
import connector from 'undici/lib/core/connect.js'
import everyError from 'undici/lib/core/errors.js'
import client from 'undici/lib/dispatcher/client.js'
import dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import pool from 'undici/lib/dispatcher/pool.js'
import proxyAgent from 'undici/lib/dispatcher/proxy-agent.js'

export const Client = client as typeof Undici.Client
export const Pool = pool as typeof Undici.Pool
export const ProxyAgent = proxyAgent as typeof Undici.ProxyAgent
export const buildConnector = connector as typeof Undici.buildConnector
export const errors = everyError as typeof Undici.errors

// As the entry does: lists are read by `request`, and tunnels are made by `connect`.
Object.assign((dispatcher as typeof Undici.Dispatcher).prototype, api)
