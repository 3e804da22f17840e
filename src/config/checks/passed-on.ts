/**
 * Listeners that pass requests on to another server: noted while they are checked. Two of them must not pass on to each
 * other, and the server should be reached by the user that runs this.
 */

import { normalize } from 'node:path'
import type { Address } from '../../core/system/address.ts'
import { whyNoSocket } from '../../core/system/socket-trouble.ts'
import { problem } from '../../schema/problem.ts'
import type { Scope } from '../../schema/scope.ts'
import type { Path } from '../../schema/tree.ts'
import type { TrySocket } from '../try-socket.ts'
import { CHECK_PROBLEMS } from './problems.ts'

interface NotedPass {
  readonly scope: Scope
  readonly at: Path
  /** Of the other server. */
  readonly path: string
  /** Of the listener; '' where it has none. */
  readonly listensAt: string
  /** The listener in messages. */
  readonly name: string
}

export class PassedOn {
  readonly #noted: NotedPass[] = []

  /** For the check of one listener. @param scope Of its section. */
  of(
    scope: Scope,
    name: string,
    address: Address,
  ): { readonly passesOnTo: (at: Path, path: string) => void } {
    const listensAt = address.kind === 'unix' ? normalize(address.path) : ''
    return {
      passesOnTo: (at, path) => void this.#noted.push({ scope, at, path: normalize(path), listensAt, name }),
    }
  }

  /** Reports those that lead in a circle, and those that lead to a socket that cannot be reached. */
  async check(trySocket: TrySocket): Promise<void> {
    for (const noted of this.#noted) {
      const { scope, at, path } = noted
      const circle = this.#circle(noted)
      if (circle !== undefined) {
        const via = circle.length > 0 ? ` by ${circle.join(' and ')}` : ''
        scope.error(at, problem(CHECK_PROBLEMS, 'pass-in-a-circle', via))
      } else if (!this.#noted.some(({ listensAt }) => listensAt === path)) {
        const code = await trySocket(path)
        if (code !== undefined)
          scope.warning(at, problem(CHECK_PROBLEMS, 'pass-unreachable', whyNoSocket(path, code)))
      }
    }
  }

  /** The listeners on the way from one back to itself; undefined where there is no such way. */
  #circle(start: NotedPass): readonly string[] | undefined {
    const way: NotedPass[] = []
    let next = this.#listenerAt(start.path)
    while (next !== undefined && next !== start && !way.includes(next)) {
      way.push(next)
      next = this.#listenerAt(next.path)
    }
    return next === start ? way.map(({ name }) => name) : undefined
  }

  #listenerAt(path: string): NotedPass | undefined {
    return this.#noted.find(({ listensAt }) => listensAt === path)
  }
}
