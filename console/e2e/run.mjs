// Runs stories one after another: `node run.mjs call transfer`. Exit status 0 when all went well.
import { Stage } from './kit/stage.mjs'

const LIMIT_MS = 300_000

for (const name of process.argv.slice(2)) {
  const started = Date.now()
  const { default: story } = await import(`./stories/${name}.mjs`)
  const stage = new Stage(name)
  const step = (what) => process.stdout.write(`  ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${what}\n`)
  let failed = null
  let timer
  try {
    await Promise.race([
      story(stage, step),
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`the story takes longer than ${LIMIT_MS / 1000} s`)), LIMIT_MS)
      }),
    ])
    if (stage.faults.length > 0) throw new Error(`errors on pages:\n  ${stage.faults.join('\n  ')}`)
  } catch (error) {
    failed = error
  }
  clearTimeout(timer)
  await stage.close(failed !== null)
  if (failed) {
    process.stderr.write(`✗ ${name}: ${failed.stack ?? failed.message}\n`)
    if (stage.faults.length > 0) process.stderr.write(`errors on pages:\n  ${stage.faults.join('\n  ')}\n`)
    process.stderr.write(`pictures and traces: ${stage.artefacts}\n`)
    process.exit(1)
  }
  process.stdout.write(`✓ ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}
process.exit(0)
