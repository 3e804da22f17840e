/** What the comparison of a table with its shadow showed last. */
import type { Found, NotFound } from '../../core/result.ts'
import type { ShadowDifference } from '../../core/shadow/shadow-record.ts'
import { Type } from '../../schema/schema.ts'
import type { App } from '../app.ts'
import type { AdminPorts } from '../ports.ts'
import { ProblemError, tableUnknown } from '../problem.ts'
import type { RouteParts } from '../route-parts.ts'
import { problems, TableParams, WallMs } from '../schemas.ts'
import { SHADOW } from './status.ts'

const Side = Type.Object({
  kind: Type.Enum(['found', 'notfound']),
  value: Type.Optional(
    Type.String({ description: 'With `found`; for the role operator only where `log.keys` hides keys.' }),
  ),
})

const Difference = Type.Object({
  atMs: WallMs,
  key: Type.Optional(
    Type.String({ description: 'As `log.keys` shows it; the role operator gets it plain.' }),
  ),
  own: Side,
  shadow: Side,
})

export function addShadowRoute(app: App, { ports }: RouteParts): void {
  app.get(
    '/api/v1/tables/:table/shadow',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'What the shadow of a table answered, and the last differences, the latest first',
        tags: ['tables'],
        params: TableParams,
        response: {
          200: Type.Object({ ...SHADOW, differences: Type.Array(Difference) }),
          ...problems(401, 404, 409),
        },
      },
    },
    async ({ params: { table }, role }) => {
      const differences = ports.control.shadowDifferences(table)
      if (differences === undefined) throw tableUnknown(table, ports.status)
      const shadow = ports.status().tables.find(({ name }) => name === table)?.shadow
      if (differences === 'none' || shadow === undefined)
        throw new ProblemError(
          409,
          'shadow-refused',
          'this table has no shadow; add shadow to it in the configuration',
        )
      return { ...shadow, differences: differences.map((one) => shown(one, role === 'operator', ports)) }
    },
  )
}

/** Where keys are hidden, so are values: they are addresses, too. */
function shown(
  { atMs, key, own, shadow }: ShadowDifference,
  isOperator: boolean,
  { renderKey }: Pick<AdminPorts, 'renderKey'>,
) {
  const rendered = isOperator ? key : renderKey(key)
  const isHidden = !isOperator && renderKey('a') !== 'a'
  return {
    atMs,
    ...(rendered !== undefined && { key: rendered }),
    own: isHidden ? withoutValue(own) : own,
    shadow: isHidden ? withoutValue(shadow) : shadow,
  }
}

function withoutValue({ kind }: Found | NotFound) {
  return { kind }
}
