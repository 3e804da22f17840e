/**
 * The token of this tab.
 *
 * In sessionStorage: a reload in the middle of an incident does not ask again, other tabs and later
 * visits do not find it, and no cookie sends it by itself. The Content-Security-Policy lets no
 * foreign script run that could read it.
 */

const NAME = 'mapgate-token'

/** The part of the browser's Storage that is used. */
interface TokenStorage {
  getItem(name: string): string | null
  setItem(name: string, value: string): void
  removeItem(name: string): void
}

export class TokenStore {
  readonly #storage: TokenStorage

  constructor(storage: TokenStorage) {
    this.#storage = storage
  }

  get token(): string | undefined {
    return this.#storage.getItem(NAME) ?? undefined
  }

  set token(token: string | undefined) {
    if (token === undefined) this.#storage.removeItem(NAME)
    else this.#storage.setItem(NAME, token)
  }
}
