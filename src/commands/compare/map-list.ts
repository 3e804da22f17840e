/**
 * The maps of one parameter, as main.cf has them: separated by commas and blanks, but for what is in braces.
 *
 * Source: mystrtokq() of Postfix, as maps_create() calls it.
 */

/** @param text What is behind the `=` in main.cf: `pgsql:/a.cf, unionmap:{pgsql:/b.cf, pgsql:/c.cf}`. */
export function mapsIn(text: string): readonly string[] {
  const maps: string[] = []
  let map = ''
  let depth = 0
  for (const sign of text) {
    if (sign === '{') depth++
    else if (sign === '}') depth--
    if (depth > 0 || !/[\s,]/.test(sign)) map += sign
    else if (map !== '') {
      maps.push(map)
      map = ''
    }
  }
  return map === '' ? maps : [...maps, map]
}
