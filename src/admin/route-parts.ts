/** What each file in `routes` is given. */
import type { App } from './app.ts'
import type { AdminLimits } from './limits.ts'
import type { AdminPorts } from './ports.ts'

export interface RouteParts {
  readonly ports: AdminPorts
  readonly limits: AdminLimits
  /** Calls `listener` when a reload has changed who may do what. */
  readonly onRightsChange: (listener: () => void) => void
}

/** Adds routes: each with its path, who may ask, its schemas and its handler. */
export type AddRoutes = (app: App, parts: RouteParts) => void
