/**
 * `whenUnknown` of a table: the words that there are, since each protocol whose clients send attributes brings its own.
 */
import { Type } from '../../schema/schema.ts'
import type { SettingsKinds, UnknownReply } from '../../schema/settings-kind.ts'
import { oneOf } from '../../schema/values.ts'

type Protocols = SettingsKinds['protocols']

/** Every word that `whenUnknown` may have for the clients of some protocol. */
export function unknownReplies(protocols: Protocols): readonly UnknownReply[] {
  const replies = protocols.flatMap(({ outage }) => outage?.replies ?? [])
  return [...new Map(replies.map((reply) => [reply.word, reply])).values()]
}

/** What is answered when nobody knows. */
export function whenUnknown(protocols: Protocols) {
  const own = protocols.flatMap(({ name, outage }) =>
    (outage?.replies ?? []).map(({ word, does }) => ` With ${name} \`${word}\`: ${does}.`),
  )
  return Type.Optional(
    oneOf(['notFound', ...unknownReplies(protocols).map(({ word }) => word)], {
      defaultText: 'the mail waits',
      description: `What to answer when nobody knows. \`notFound\` misses the check or the copy in an outage instead of the mail: only where every \`usedBy\` is a check_..._access of a deny list or a ..._bcc_maps.${own.join('')} Counted, logged and alerted.`,
    }),
  )
}
