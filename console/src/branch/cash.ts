// Sums as people type them.

/** `126`, `126.5`, `126,50` yuan as fen; none when it is no sum. */
export function fenOf(typed: string): number | null {
  const match = /^(\d{1,7})(?:[.,](\d{1,2}))?$/.exec(typed.trim().replace(/^¥/, ''))
  return match ? Number(match[1]) * 100 + Number((match[2] ?? '0').padEnd(2, '0')) : null
}
