/**
 * Writes the figures of one run as Markdown: ratios first, absolute figures second, then those under another Node.js beside them.
 */
import { cpus, loadavg, release, totalmem } from 'node:os'

/** @returns The generated part of RESULTS.md. */
export function results(figures, { setting, command, beside }) {
  const limited = figures.filter(({ limit }) => limit !== undefined)
  const others = figures.filter(({ limit, failed }) => limit === undefined && failed === undefined)
  const failed = figures.filter(({ failed: why }) => why !== undefined)
  return `# How fast it is

Made by \`npm run bench\`; what each scenario does stands in \`bench/scenarios\`. Every figure is the median of
interleaved runs, with the least and the most. A ratio is taken within each round. Both sides of hits, attributes, misses, search,
observed and tier are started three times, a third of the rounds each, and run for three seconds before they count. Each start is a new process.
One scenario alone: \`npm run bench -- --only NAME\`, which writes nothing.

- Date: ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC
- Machine: ${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, load average ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')} at the end
- Node.js: ${process.version}
- Command: \`npm run bench${command === '' ? '' : ` -- ${command}`}\` (${setting.rounds} rounds of ${setting.runMs / 1000} s after ${setting.warmMs / 1000} s of warm-up)

## Ratios and limits

| scenario | what | median | spread | runs | aim | |
| --- | --- | --- | --- | --- | --- | --- |
${limited.map(row).join('\n')}

## Absolute figures

| scenario | what | median | spread | runs | |
| --- | --- | --- | --- | --- | --- |
${others.map(plainRow).join('\n')}
${failed.map(({ scenario, failed: why }) => `\n${scenario} did not run: ${why}\n`).join('')}${beside === undefined ? '' : versions(figures, beside)}
`
}

/** What both versions have, side by side. */
function versions(figures, { version, figures: others }) {
  const pairs = others.flatMap((other) => {
    const own = figures.find(({ scenario, name }) => scenario === other.scenario && name === other.name)
    return own?.value === undefined || other.value === undefined ? [] : [[own, other]]
  })
  const cell = ({ value, unit = '' }) => `${short(value.median)}${unit} (${spread(value)})`
  return `
## Two versions of Node.js

The servers under ${version}, after everything else; the client is the same.

| scenario | what | ${process.version} | ${version} |
| --- | --- | --- | --- |
${pairs.map(([own, other]) => `| ${own.scenario} | ${own.name} | ${cell(own)} | ${cell(other)} |`).join('\n')}
`
}

function row({ scenario, name, value, unit = '', limit, detail = '' }) {
  const aim = limit.most === undefined ? `at least ${limit.least}${unit}` : `at most ${limit.most}${unit}`
  const met = limit.most === undefined ? value.median >= limit.least : value.median <= limit.most
  const note = [met ? 'met' : '**missed**', detail].filter((text) => text !== '').join('; ')
  return `| ${scenario} | ${name} | ${short(value.median)}${unit} | ${spread(value)} | ${value.runs} | ${aim} | ${note} |`
}

function plainRow({ scenario, name, value, unit = '', detail = '' }) {
  return `| ${scenario} | ${name} | ${short(value.median)}${unit} | ${spread(value)} | ${value.runs} | ${detail} |`
}

function spread({ min, max }) {
  return `${short(min)} to ${short(max)}`
}

export function short(number) {
  return number >= 1000 ? String(Math.round(number)) : String(Number(number.toPrecision(3)))
}
