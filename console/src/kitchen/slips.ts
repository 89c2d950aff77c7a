// Slips in the browser's own print: what the server lays out, line by line, on paper of the printer's width.
import { api } from '@/shared/api'
import type { Slip } from './wire'

export type SlipKind = 'kitchen' | 'packing' | 'delivery'

/** Puts the slip on the page for the printer alone (see `slips.css`), prints, and takes it away. */
export async function printSlip(order: string, kind: SlipKind, copy: boolean): Promise<void> {
  const slip = await api.get<Slip>(`/api/orders/${encodeURIComponent(order)}/slip/${kind}${copy ? '?copy=1' : ''}`)
  const paper = document.createElement('section')
  paper.className = 'slip'
  paper.style.setProperty('--columns', String(slip.width || 32))
  for (const line of slip.lines) {
    const row = document.createElement('div')
    row.textContent = line.text || ' '
    row.className = [line.big ? 'big' : '', line.bold ? 'bold' : '', line.align ?? ''].filter(Boolean).join(' ')
    paper.append(row)
  }
  document.body.append(paper)
  try {
    print()
  } finally {
    paper.remove()
  }
}
