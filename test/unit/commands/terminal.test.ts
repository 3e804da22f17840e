import { expect, test } from 'vitest'
import { inputLines } from '../../../src/commands/input-lines.ts'
import { endRequest } from '../../../src/commands/terminal.ts'

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} is a request to end, and afterwards nobody listens for it`, async () => {
    const before = process.listenerCount(signal)
    const end = endRequest()
    process.emit(signal, signal)
    expect(await end.promise).toBe(signal)
    end.dispose()
    expect(process.listenerCount(signal)).toBe(before)
  })
}

const LONGEST = 128 * 1024
for (const [bytes, verdict] of [
  [LONGEST, 'read'],
  [LONGEST + 1, 'refused'],
] as const) {
  test(`a line of ${bytes} bytes is ${verdict}`, async () => {
    async function* chunks(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(bytes, 'x')
      yield Buffer.from('\n')
    }
    const read = async (): Promise<number[]> => {
      const lengths: number[] = []
      for await (const line of inputLines(chunks())) lengths.push(line.length)
      return lengths
    }
    if (verdict === 'read') expect(await read()).toEqual([bytes])
    else await expect(read()).rejects.toMatchObject({ exitCode: 64 })
  })
}
