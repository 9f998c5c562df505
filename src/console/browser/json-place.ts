/** Where things stand in a JSON text: the lines of its values, by their pointers. */

interface Reader {
  readonly text: string
  at: number
  line: number
  readonly lines: Map<string, number>
}

const step = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

function skip(reader: Reader): void {
  for (let char = reader.text[reader.at]; char !== undefined && /\s/.test(char); char = reader.text[++reader.at]) {
    if (char === '\n') reader.line += 1
  }
}

/** A string from its opening quote to its closing one. @returns its value */
function readString(reader: Reader): string {
  const from = reader.at
  reader.at += 1
  while (reader.text[reader.at] !== '"' && reader.at < reader.text.length)
    reader.at += reader.text[reader.at] === '\\' ? 2 : 1
  reader.at += 1
  return JSON.parse(reader.text.slice(from, reader.at)) as string
}

/** The members of a list or an object, up to its end. @param read reads one member */
function readMembers(reader: Reader, end: string, read: (index: number) => void): void {
  reader.at += 1
  skip(reader)
  for (let index = 0; reader.text[reader.at] !== end && reader.at < reader.text.length; index++) {
    read(index)
    skip(reader)
    if (reader.text[reader.at] === ',') reader.at += 1
    skip(reader)
  }
  reader.at += 1
}

function readValue(reader: Reader, pointer: string): void {
  skip(reader)
  reader.lines.set(pointer, reader.line)
  const char = reader.text[reader.at]
  if (char === '{') {
    readMembers(reader, '}', () => {
      const name = readString(reader)
      skip(reader)
      reader.at += 1
      readValue(reader, `${pointer}/${step(name)}`)
    })
  } else if (char === '[') readMembers(reader, ']', (index) => readValue(reader, `${pointer}/${index}`))
  else if (char === '"') readString(reader)
  else while (reader.at < reader.text.length && !/[,\]}\s]/.test(reader.text[reader.at] ?? '')) reader.at += 1
}

/**
 * The line of each value, counted from 1. @param text JSON that can be parsed
 * @returns by pointer, such as `/activities/0/price`; '' is the whole
 */
export function linesOf(text: string): ReadonlyMap<string, number> {
  const reader: Reader = { text, at: 0, line: 1, lines: new Map() }
  readValue(reader, '')
  return reader.lines
}

/** The line of a value, or of the nearest thing around it that is there. */
export function lineAt(lines: ReadonlyMap<string, number>, pointer: string): number {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const line = lines.get(at)
    if (line !== undefined) return line
  }
  return 1
}
