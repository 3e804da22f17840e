/** Every route of the API, by the files that bring them. A new one is a file here and a line below. */
import type { AddRoutes } from '../route-parts.ts'
import { addCacheRoutes } from './cache.ts'
import { addDrillRoutes } from './drills.ts'
import { addEntriesRoutes } from './entries.ts'
import { addEventsRoute } from './events.ts'
import { addHealthRoutes } from './health.ts'
import { addHistoryRoutes } from './history.ts'
import { addLookupRoute } from './lookup.ts'
import { addMetricsRoute } from './metrics.ts'
import { addPageRoutes } from './page.ts'
import { addReadinessRoute } from './readiness.ts'
import { addReplicaRoutes } from './replica.ts'
import { addSettingsRoutes } from './settings.ts'
import { addShadowRoute } from './shadow.ts'
import { addStatusRoutes } from './status.ts'

export const ROUTES: readonly AddRoutes[] = [
  addHealthRoutes,
  addMetricsRoute,
  addStatusRoutes,
  addLookupRoute,
  addCacheRoutes,
  addReplicaRoutes,
  addEntriesRoutes,
  addShadowRoute,
  addReadinessRoute,
  addDrillRoutes,
  addSettingsRoutes,
  addHistoryRoutes,
  addEventsRoute,
  addPageRoutes,
]
