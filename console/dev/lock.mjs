// Takes addresses (where packages came from, whom to fund) out of package-lock.json: they differ from place to place and say
// nothing that the integrity hashes do not. Run after every `npm install`: `npm run lock`.
import { readFileSync, writeFileSync } from 'node:fs'

const path = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(path, 'utf8'))
for (const entry of Object.values(lock.packages)) {
  delete entry.resolved
  delete entry.funding
  if (typeof entry.deprecated === 'string') entry.deprecated = entry.deprecated.replace(/https?:\/\/\S+/g, '').trim()
}
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
