/**
 * What is said about mistakes in references: whole lines, as they are printed.
 */
import { LISTENERS, TABLES, UPSTREAMS } from './good-sections.ts'
import { testProblems } from './problems.ts'

testProblems('references', [
  [
    'a variable that is not set',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: "\${env:NOT_SET}"`,
    ['mapgate.yaml:4:12: cacheFile: the environment variable NOT_SET is not set; set it'],
  ],
  [
    'a name of a variable that is none',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: "\${env:a-b}"`,
    ['mapgate.yaml:4:12: cacheFile: "a-b" is not the name of an environment variable'],
  ],
  [
    'a file that is not there',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: "\${file:secret}"`,
    ['mapgate.yaml:4:12: cacheFile: the file secret cannot be read: there is no such file'],
  ],
  [
    'a file without a path',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: "\${file:}"`,
    [`mapgate.yaml:4:12: cacheFile: has \${file:} without a path`],
  ],
  [
    'a credential without the folder of systemd',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: "\${credential:token}"`,
    [
      'mapgate.yaml:4:12: cacheFile: the credential token cannot be read: $CREDENTIALS_DIRECTORY is not set; start with LoadCredential=token:PATH of systemd',
    ],
  ],
  [
    'a name of a credential that is none',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: "\${credential:../x}"`,
    ['mapgate.yaml:4:12: cacheFile: "../x" is not the name of a credential'],
  ],
  [
    'a reference of an unknown kind',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: "\${vault:x}"`,
    [
      `mapgate.yaml:4:12: cacheFile: has the unknown reference "\${vault:x}"; write \${env:NAME}, \${file:PATH} or \${credential:NAME}, or $\${ for a literal \${`,
    ],
  ],
  [
    'a reference that does not end',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: "\${env:x"`,
    [`mapgate.yaml:4:12: cacheFile: has "\${" without "}"; write $\${ for a literal \${`],
  ],
  [
    'several in one text',
    `${LISTENERS}
${UPSTREAMS}
${TABLES}
cacheFile: "\${env:A}/\${env:B}"`,
    [
      'mapgate.yaml:4:12: cacheFile: the environment variable A is not set; set it',
      'mapgate.yaml:4:12: cacheFile: the environment variable B is not set; set it',
    ],
  ],
])
