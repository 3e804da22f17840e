/**
 * Text for manual pages: the few macros of man(7) that they need.
 */

/** @param {string} text Plain text; `back quotes` become bold. */
export function roff(text) {
  return escapeLines(text.replaceAll('\\', '\\e').replaceAll('-', '\\-')).replace(/`([^`]+)`/g, '\\fB$1\\fR')
}

/** A line must not begin with a control character. */
function escapeLines(text) {
  return text.replace(/^([.'])/gm, '\\&$1')
}

/** Paragraphs, separated by empty lines in the source; indented ones stay as they are. */
export function paragraphs(text) {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((part) => (/^ {2}/m.test(part) ? verbatim(part) : `.PP\n${roff(part.trim())}\n`))
    .join('')
}

/** Lines that keep their line breaks. */
export function verbatim(text) {
  const body = escapeLines(text.replace(/\s+$/, '').replaceAll('\\', '\\e').replaceAll('-', '\\-'))
  return `.PP\n.nf\n${body}\n.fi\n`
}

/** One term with its explanation. */
export function item(term, text) {
  return `.TP\n\\fB${roff(term).replace(/\\f[BR]/g, '')}\\fR\n${roff(text).replace(/\n+/g, '\n')}\n`
}

export function section(title, body) {
  return `.SH ${title.toUpperCase()}\n${body}`
}

export function subsection(title, body) {
  return `.SS ${roff(title)}\n${body}`
}

/** @param {{ name: string, volume: number, about: string, version: string, epoch: number }} page */
export function page({ name, volume, about, version, epoch }, body) {
  const date = new Date(epoch * 1000).toISOString().slice(0, 10)
  return `.\\" Made by scripts/docs/manual.mjs; do not edit.
.TH ${name.toUpperCase()} ${volume} "${date}" "mapgate ${version}" "mapgate"
.SH NAME
${roff(name)} \\- ${roff(about)}
${body}`
}
