import { Config as KitConfig } from '@wealist/kit/config'

export const Config = KitConfig
export const open = () => ({})
