import type { ServiceName } from '@wealist/contract/topology'
import { services } from '../services.ts'
import { cloneDatabase } from './clone.ts'

/** A fresh database of a service; ops shares user's. */
export const testDatabase = (service: Exclude<ServiceName, 'ops'>) =>
  cloneDatabase(service, services[service].migrations)
