/**
 * A table that is here as a whole: what the configuration says of its list.
 */
import { type Schema, Type } from '../../schema/schema.ts'
import { count, duration, flag, oneOf, parsed, size, text } from '../../schema/values.ts'
import { cursorPlace } from './cursor.ts'
import { listPathError } from './list-path.ts'

/** A share such as `20%`; decodes to a number from 0 to 1. */
const MaxShrink: Schema<string, number> = parsed(
  {
    syntax: (written, shown) =>
      /^(?:100|[0-9]{1,2})%$/.test(written)
        ? undefined
        : `${shown} is not a share; write 0% to 100%, such as 20%`,
    stopgap: '20%',
    decode: (written) => Number.parseInt(written, 10) / 100,
  },
  {
    default: '20%',
    description:
      'A list that lacks more than this share of the keys of the copy is kept aside until `mapgate replica accept TABLE`, and so is one without entries. Keys that changes have deleted since the last whole list count, too: when they are more, the whole list is read and decides.',
  },
)

const pathToEntries = {
  syntax: (written: string, shown: string) => listPathError(written, shown),
  stopgap: '$[*]',
  decode: (written: string) => written,
}

export const Replica = Type.Object(
  {
    path: Type.String({
      pattern: '^/[^#\\s]*$',
      expected: 'a path that begins with / and holds no # or space',
      sent: 'address',
      description: "The list's path, with its query, appended to the endpoint's path.",
      examples: ['/mailboxes'],
    }),
    format: Type.Optional(
      oneOf(['json', 'ndjson', 'csv', 'lines'], {
        defaultText: 'by the `content-type` of the reply',
        description:
          '`json`: an array or an object; `ndjson`: one JSON document in each line; `csv` (RFC 4180) with a first line of names; `lines`: `key value`, as the source files of postmap(1).',
      }),
    ),
    items: parsed(pathToEntries, {
      default: '$[*]',
      description:
        'Where the entries are in a JSON list: names, then `[*]` for the elements of an array or the members of an object.',
      examples: ['$.data.mailboxes[*]'],
    }),
    key: Type.Optional(
      text('JSONPath to the key of an entry; `$.NAME` for a column of CSV.', {
        defaultText:
          'the name of an object member, the key of a line, or the entry itself where it is a text',
        examples: ['$.address'],
      }),
    ),
    value: Type.Optional(
      text(
        'JSONPath to the value or values of an entry, to which `response.format` is applied as to single replies.',
        {
          defaultText: 'the entry itself; the value of a line',
          examples: ['$.mailbox'],
        },
      ),
    ),
    next: Type.Optional(
      parsed(
        {
          syntax: (written, shown) =>
            written === 'link' || /^\$(?:\.[A-Za-z_][\w-]*)+$/.test(written)
              ? undefined
              : `${shown} does not say where the next page is; write "link" for the header field (RFC 8288), or a path of names such as $.next`,
          stopgap: 'link',
          decode: (written) => written,
        },
        {
          defaultText: 'the list is one page',
          description:
            'Where the address of the next page is: `link` for the header field of RFC 8288 (`rel="next"`), or a path of names in a JSON page. Only addresses of the same origin are followed.',
          examples: ['$.next', 'link'],
        },
      ),
    ),
    changes: Type.Optional(
      Type.String({
        pattern: '^/[^#\\s]*\\{cursor\\}[^#\\s]*$',
        expected: 'a path that begins with /, holds {cursor} and no # or space',
        sent: 'address',
        defaultText: 'the whole list is asked for each time',
        description:
          'Path of what has changed since a cursor; `{cursor}` stands for the one that the list or the last changes gave, percent-encoded. The reply has the form of the list: entries that are new or changed, and those that are deleted. A cursor that the service does not know any more is answered with 410.',
        examples: ['/mailboxes/changes?since={cursor}'],
      }),
    ),
    cursor: parsed(
      {
        syntax: (written, shown) =>
          cursorPlace(written) === undefined
            ? `${shown} does not say where the cursor is; write a path of names such as $.cursor, or the name of a header field such as x-cursor`
            : undefined,
        stopgap: '$.cursor',
        decode: (written) => written,
      },
      {
        default: '$.cursor',
        description:
          'Where the list and the changes have their cursor: a path of names in a JSON reply, beside the entries, or the name of a header field.',
        examples: ['$.meta.cursor', 'x-cursor'],
      },
    ),
    deleted: text(
      'JSONPath in an entry of the changes to what says that its key is gone: `true`, `1`, `"yes"`, or the time of the deletion. An entry without any value is gone, too.',
      { default: '$.deleted', examples: ['$.deletedAt'] },
    ),
    wholeEvery: duration(
      { min: '1s', max: '30d' },
      '1d',
      'How often the whole list is asked for where `changes` are asked for in between, so that what they forgot to tell does not stay for long.',
    ),
    every: duration(
      { min: '1s', max: '30d' },
      '5m',
      'How often the list, or the changes where there are some, are asked for, a little earlier or later by chance; with its `ETag` or `Last-Modified`, so that an unchanged one costs nothing. Entries are answered without asking for twice this long.',
    ),
    notFoundFor: duration(
      { min: '0ms', max: '30d' },
      '1d',
      'How long after a copy a key that it lacks is "not found" while the service cannot be asked. `0ms`: never; such mail then waits.',
    ),
    authoritative: flag(
      false,
      'The copy alone answers: the service is never asked for single keys, and needs no route for them.',
    ),
    maxShrink: MaxShrink,
    maxEntries: count(1, 100_000_000, 10_000_000, 'A longer list is not taken over.'),
    maxBytes: size(
      { min: '1KiB', max: '64GiB' },
      '4GiB',
      'A list that is larger, unpacked and over all its pages, is not taken over. The copy needs up to twice as much on disk, three times while a list is kept aside.',
    ),
    timeout: duration({ min: '1s', max: '1d' }, '10m', 'Longest time for one list, all pages included.'),
    directory: Type.Optional(
      Type.String({
        minLength: 1,
        file: 'written',
        defaultText: '`replica` beside `cacheFile`; needed where there is none',
        description:
          'Folder in which the copies are kept, one folder for each table, with mode 0700. It is made if it is not there; on a local file system.',
      }),
    ),
  },
  {
    additionalProperties: false,
    defaultText: 'the service is asked key by key',
    description:
      'Keeps a copy of the whole table here, out of a list that the service has. Found keys are then answered at once, and in an outage a key that the list lacks is "not found". Needs the optional package lmdb. [replica.md](replica.md) shows how.',
  },
)
