// This page's `t`.
import { kitchenWords } from '@/kitchen/words'
import { en } from './en'
import { zh } from './zh'

export const t = kitchenWords(zh, en)
