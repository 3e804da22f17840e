/** Asks for a token where one is needed, and tries again with it. */
import { type Api, ApiProblem } from './api.ts'
import type { TokenStore } from './token-store.ts'
import { byId, setText } from './view-dom.ts'

/** Does something with the API; asks for a token when that is refused for want of one. */
export type AskWithToken = (ask: (api: Api) => Promise<unknown>) => Promise<unknown>

export class TokenDialog {
  readonly #store: TokenStore
  readonly #dialog = byId('token-dialog', HTMLDialogElement)
  readonly #input = byId('token-input', HTMLInputElement)
  readonly #button = byId('token-button', HTMLButtonElement)
  /** Told once the dialog is closed: true with a token to try. */
  #waiting: ((given: boolean) => void)[] = []

  /** @param changed Another token is in use, or none, and nobody waited for it. */
  constructor(store: TokenStore, changed: () => void) {
    this.#store = store
    this.#button.addEventListener('click', () => {
      const why = store.token === undefined ? 'No token is in use.' : 'A token is in use in this tab.'
      void this.ask(why).then((given) => given && changed())
    })
    byId('token-cancel', HTMLButtonElement).addEventListener('click', () => this.#dialog.close())
    byId('token-forget', HTMLButtonElement).addEventListener('click', () => {
      store.token = undefined
      this.#dialog.close()
      changed()
    })
    this.#dialog.addEventListener('submit', (event) => {
      event.preventDefault()
      store.token = this.#input.value.trim()
      this.#finish(true)
      this.#dialog.close()
    })
    this.#dialog.addEventListener('close', () => this.#finish(false))
  }

  /** @returns True when there is a token to try, false when the dialog was closed without one. */
  ask(why: string): Promise<boolean> {
    setText(byId('token-why', HTMLElement), why)
    byId('token-forget', HTMLButtonElement).hidden = this.#store.token === undefined
    if (!this.#dialog.open) this.#dialog.showModal()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Waits until somebody gives a token, however often the dialog is closed without one. */
  async askUntilGiven(problem: ApiProblem): Promise<void> {
    let given = await this.ask(sentence(problem))
    while (!given) {
      await new Promise((resolve) => this.#button.addEventListener('click', resolve, { once: true }))
      given = await this.ask(sentence(problem))
    }
  }

  /** Once without asking, then as often as a new token is given. */
  readonly withToken = (api: Api): AskWithToken => {
    return async (ask) => {
      for (;;) {
        try {
          return await ask(api)
        } catch (error) {
          if (!(error instanceof ApiProblem && error.wantsToken)) throw error
          if (!(await this.ask(sentence(error)))) throw error
        }
      }
    }
  }

  #finish(given: boolean): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#input.value = ''
    for (const resolve of waiting) resolve(given)
  }
}

function sentence({ message }: ApiProblem): string {
  return `mapgate says: ${message}.`
}
