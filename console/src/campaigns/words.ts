// This page's `t`.
import { words } from '@/shared/i18n'
import { en } from './en'
import { zh } from './zh'

export const t = words(zh, en)
