import { readFileSync, writeFileSync } from 'node:fs'
import { documentOf } from '../support/http/openapi-documents.ts'
import { withSections } from './markdown.ts'
import { pages, sectionTexts } from './tables.ts'

// `npm run docs`: writes the tables of docs/reference anew, and leaves what stands around them.
const texts = sectionTexts(await documentOf('admin'))
for (const page of pages) {
  const path = `docs/reference/${page}.md`
  writeFileSync(path, withSections(readFileSync(path, 'utf8'), texts))
}
