/**
 * `mapgate schema`: the JSON Schema of the configuration, for editors.
 */
import { editorSchema } from '../../config/config-schema.ts'
import { SETTINGS_KINDS } from '../../gateway/load-config.ts'
import { EXIT_OK } from '../exit-codes.ts'
import type { CommandIo } from '../io.ts'

/** The text of schema/mapgate.schema.json. */
export function schemaText(): string {
  return `${JSON.stringify(editorSchema(SETTINGS_KINDS), undefined, 2)}\n`
}

/** Runs `schema`. */
export function schema(io: CommandIo): number {
  io.stdout.write(schemaText())
  return EXIT_OK
}
