/**
 * What is said about mistakes in the text itself: whole lines, as they are printed.
 */
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

testProblems('the text', [
  [
    'an empty file says what the shortest one has',
    ``,
    ['mapgate.yaml:1:1: is empty or no map; the shortest file has "listeners", "upstreams" and "tables"'],
  ],
  [
    'a list is no configuration',
    `- a`,
    ['mapgate.yaml:1:1: is empty or no map; the shortest file has "listeners", "upstreams" and "tables"'],
  ],
  [
    'a syntax error has its place',
    `listeners: [`,
    [
      'mapgate.yaml:1:13: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ],
  [
    'a text with braces outside of quotes is told once, with what helps',
    `${LISTENERS}
${UPSTREAMS}
tables:
  aliases:
    upstream: d
    request: { path: /aliases/{key} }
    response: { value: $.goto }
  others:
    upstream: d
    request: { path: "/others/{key}" }`,
    ['mapgate.yaml:6:31: not valid YAML: a text with { } must be in quotes, such as "/aliases/{key}"'],
  ],
  [
    'a reference outside of quotes in a line of braces, too',
    `upstreams: { d: { endpoints: ["http://a.example"], headers: { authorization: Bearer \${env:TOKEN}, x: y } } }`,
    ['mapgate.yaml:1:86: not valid YAML: a text with { } must be in quotes, such as "/aliases/{key}"'],
  ],
  [
    'braces in quotes or in a comment are no hint',
    `listeners: { a: "{key}" b } # {key}
x: [`,
    [
      'mapgate.yaml:1:25: not valid YAML: what is here cannot follow what is before it; is a quote, comma or bracket missing?',
    ],
  ],
  [
    'a key that stands twice is an error',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
reload: watch
reload: manual`,
    ['mapgate.yaml:5:1: the key "reload" is there twice; remove one'],
  ],
  [
    'a key that is a map is an error',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
? { a: b }
: c`,
    ['mapgate.yaml:4:3: has a key that is a map or a list; keys must be text'],
  ],
  [
    'two documents are an error',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
---
a: b`,
    ['mapgate.yaml:4:1: not valid YAML: a second document begins here; one file holds one'],
  ],
  [
    'a tab as indentation is an error',
    `listeners:
	- a`,
    ['mapgate.yaml:2:1: not valid YAML: Tabs are not allowed as indentation'],
  ],
  [
    'an alias to nothing is an error',
    `listeners: *nothing`,
    [
      'mapgate.yaml:1:12: listeners: begins with * and is not the alias of an anchor (&) before it; quote a text that begins so',
    ],
  ],
  [
    'a text that begins with ! is not lost',
    `listeners: !nothing`,
    ['mapgate.yaml:1:12: not valid YAML: a text that begins with ! must be quoted'],
  ],
  [
    'an escape that YAML does not know is not quoted',
    'listeners: "\\w0rd"',
    [
      'mapgate.yaml:1:13: not valid YAML: a backslash in double quotes begins no escape that YAML knows; double it, or use single quotes',
    ],
  ],
  [
    'what stands behind the mark of a block is not quoted',
    'listeners: |w0rd',
    ['mapgate.yaml:1:13: not valid YAML: Block scalar header includes extra characters'],
  ],
  [
    'a directive is not quoted',
    '%YAML w0rd\n---\na: b',
    [
      'mapgate.yaml:1:7: not valid YAML: a line that begins with % is not a directive that YAML knows; remove it',
    ],
  ],
])
