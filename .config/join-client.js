// Joins the compiled files of src/client to one module and one file of types, so that a page loads the client with one request.
// A file follows those that it imports; what only they share is no longer exported.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const BUILT = join('build', 'client')
const ENTRY = 'client'
const IMPORTS = /^(?:import|export) (?:type )?(?:\{[^}]*\}|\* as \w+) from '\.\/([\w-]+)\.[jt]s';\n/gm
const HEAD = '// floodgate/client, made from src/client of Floodgate. MIT license.\n'

/** Texts of the files, each behind those that it imports. */
function inOrder(ending) {
  const texts = new Map()
  const visit = (name) => {
    if (texts.has(name)) return
    texts.set(name, '')
    const text = readFileSync(join(BUILT, 'parts', `${name}${ending}`), 'utf8')
    for (const [, needed] of text.matchAll(IMPORTS)) visit(needed)
    texts.delete(name)
    texts.set(name, text)
  }
  visit(ENTRY)
  return texts
}

/** @throws Error where two files declare one name: joined, they would be one thing */
function requireOwnNames(texts) {
  const seen = new Map()
  for (const [file, text] of texts)
    for (const [, name] of text.matchAll(
      /^(?:export )?(?:declare )?(?:async )?(?:function|class|const|let|interface|type) (\w+)/gm
    )) {
      if (seen.has(name))
        throw new Error(`src/client: ${seen.get(name)} and ${file} both declare ${name}; give one another name`)
      seen.set(name, file)
    }
}

function write(name, text) {
  writeFileSync(join(BUILT, `.${name}`), HEAD + text)
  // a gateway that reads it now gets one version or the other
  renameSync(join(BUILT, `.${name}`), join(BUILT, name))
}

const code = inOrder('.js')
requireOwnNames(code)
const passedOn = [...code.get(ENTRY).matchAll(/^export \{([^}]*)\} from [^;]*;$/gm)].map(
  ([, names]) => `export {${names}};\n`
)
const joined = [...code].map(([name, text]) => {
  const own = text.replace(IMPORTS, '').replace(/^export \{\};\n/gm, '')
  return name === ENTRY ? own : own.replace(/^export /gm, '')
})
write('client.js', joined.join('') + passedOn.join(''))

const types = inOrder('.d.ts')
requireOwnNames(types)
const declared = [...types].map(([name, text]) => {
  const own = text
    .replace(IMPORTS, '')
    .replace(/^export \{\};\n/gm, '')
    .replace(/import\("\.\/[\w-]+\.ts"\)\./g, '')
  // every type can be imported, and of what runs only what the module exports
  return (name === ENTRY ? own : own.replace(/^export declare /gm, 'declare ')).replace(
    /^(?=(?:interface|type) )/gm,
    'export '
  )
})
write('client.d.ts', declared.join('') + passedOn.join(''))
