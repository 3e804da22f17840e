/**
 * docs/errors.md, made of the catalogues of reasons, so that no reason can be missing in it.
 * To make it anew: npx vitest run --project unit test/unit/reasons.test.ts -u
 */
import type { ReasonCatalogue } from '../../src/core/reason.ts'
import type { PermanentCause, TemporaryCause } from '../../src/core/result.ts'
import type { ProblemCatalogue } from '../../src/schema/problem.ts'

const INTRODUCTION = `# Reasons and what to do

<!-- Made from src/core/reasons.ts, the other catalogues of reasons and of problems, and the errors of the protocols. To make it anew: npx vitest run --project unit test/unit/reasons.test.ts -u -->

A lookup that is not answered carries a reason: over socketmap it reaches the mail log, over tcp_table only mapgate's own log, and in the admin API, on the page and in \`--explain\` it always stands. It never holds a key, a URL or a secret. The cause is the label of \`mapgate_lookup_failures_total\`.

All of these make mail **wait** (451), the permanent ones too. None makes it bounce. Where a found answer is stored, it is served instead, and the reason is only in the explanation.

\`…\` stands for a part that varies.
`

const REFUSED =
  'What is wrong with a request or a connection is counted by `mapgate_protocol_errors_total`; the kind is its label. None of it is said about a key.'

const CLIENTS =
  '`mapgate query` with a server in the place of a table, and the clients of the library, say these where a server gives no reply that can be read.'

const CHECKED =
  '`mapgate check` says these about a configuration, behind the place in the file and the setting, and so do a start and a reload. The code is not printed; it names the sentence, and stays when that is edited. Sentences that are made of the kind and the bounds of a setting, such as `is text, must be a number`, have no code and stand in [configuration.md](configuration.md).'

const EVENTS =
  'Lines of the log about the gateway and what it asks; most are in the list of problems on the page, too. What was seen elsewhere, such as the trouble of a replica or of the cache file, comes with its own sentence. The code is not printed; it names the sentence, and stays when that is edited.'

/** In the order of the page. A cause that is left out does not compile. */
const TEMPORARY_CAUSES: Readonly<Record<TemporaryCause, true>> = {
  timeout: true,
  connect: true,
  status: true,
  unreadable: true,
  service: true,
  circuit: true,
  canary: true,
  overload: true,
  stopping: true,
  'too-long': true,
  token: true,
  replica: true,
  defect: true,
}
const PERMANENT_CAUSES: Readonly<Record<PermanentCause, true>> = {
  'no-table': true,
  refused: true,
  'bad-request': true,
}

/** Sentences by kind: the values of the label `kind` of `mapgate_protocol_errors_total`. */
type ErrorSentences = Readonly<Record<string, string>>

/** What stands on the page. */
export interface ErrorSources {
  /** What Postfix and the admin API get. */
  readonly gateway: readonly ReasonCatalogue[]
  /** What clients say by themselves. */
  readonly clients: readonly ReasonCatalogue[]
  /** By protocol, and `every one` for those of any connection. */
  readonly errors: Readonly<Record<string, ErrorSentences>>
  /** What is wrong with a configuration. */
  readonly problems: readonly ProblemCatalogue[]
  /** What the log says of events. */
  readonly events: ProblemCatalogue
}

export function errorsPage({ gateway, clients, errors, problems, events }: ErrorSources): string {
  return [
    INTRODUCTION,
    `## Temporary\n\n${table(Object.keys(TEMPORARY_CAUSES), gateway)}\n`,
    `## Permanent\n\n${table(Object.keys(PERMANENT_CAUSES), gateway)}\n`,
    `## Clients\n\n${CLIENTS}\n\n${table(Object.keys({ ...TEMPORARY_CAUSES, ...PERMANENT_CAUSES }), clients)}\n`,
    `## Requests and connections\n\n${REFUSED}\n\n${errorsTable(errors)}\n`,
    `## Log\n\n${EVENTS}\n\n${sentencesTable([events], 'what happened')}\n`,
    `## Configuration\n\n${CHECKED}\n\n${sentencesTable(problems, 'what is wrong')}\n`,
  ].join('\n')
}

function table(causes: readonly string[], catalogues: readonly ReasonCatalogue[]): string {
  const entries = catalogues.flatMap((catalogue) => Object.values(catalogue))
  const rows = causes.flatMap((cause) => entries.filter((entry) => entry.cause === cause))
  return [
    '| cause | reason | what to do |',
    '| --- | --- | --- |',
    ...rows.map(({ cause, text, advice }) => `| \`${cause}\` | \`${text}\` | ${advice} |`),
  ].join('\n')
}

function errorsTable(errors: Readonly<Record<string, ErrorSentences>>): string {
  const rows = Object.entries(errors).flatMap(([protocol, sentences]) =>
    Object.entries(sentences).map(([kind, sentence]) => `| ${protocol} | \`${kind}\` | ${sentence} |`),
  )
  return ['| protocol | kind | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}

function sentencesTable(catalogues: readonly ProblemCatalogue[], heading: string): string {
  const rows = catalogues
    .flatMap((catalogue) => Object.entries(catalogue))
    .map(([code, sentence]) => `| \`${code}\` | \`${sentence}\` |`)
  return [`| code | ${heading} |`, '| --- | --- |', ...rows].join('\n')
}
