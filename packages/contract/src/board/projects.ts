import * as z from 'zod'
import { date, id, name, seq, text, time } from '../fields.ts'
import { page, paging } from '../page.ts'
import { route } from '../route.ts'
import { Board } from './boards.ts'
import { Field } from './custom-fields.ts'
import { Label } from './labels.ts'

/** owner > admin > member > viewer. A viewer reads; a member works on boards and tasks; an admin runs the project. */
export const ProjectRole = z.enum(['owner', 'admin', 'member', 'viewer']).meta({ id: 'ProjectRole' })
export type ProjectRole = z.infer<typeof ProjectRole>

/** `workspace`: every member of the workspace is a viewer. `private`: only the project's members know of it. */
export const Visibility = z.enum(['workspace', 'private'])

export const Project = z
  .strictObject({
    id,
    workspaceId: id,
    name: z.string(),
    description: z.string(),
    visibility: Visibility,
    startDate: date.nullable(),
    dueDate: date.nullable(),
    createdBy: id,
    version: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Project' })
export type Project = z.infer<typeof Project>

/** A project with its boards and fields in order and its labels by name, as it was at `seq`. */
export const ProjectDetail = Project.extend({
  myRole: ProjectRole,
  boards: z.array(Board),
  labels: z.array(Label),
  fields: z.array(Field),
  seq,
}).meta({ id: 'ProjectDetail' })
export type ProjectDetail = z.infer<typeof ProjectDetail>

/** A project in a list, with the asker's role. */
export const ListedProject = Project.extend({ myRole: ProjectRole }).meta({ id: 'ListedProject' })
export type ListedProject = z.infer<typeof ListedProject>

const fields = {
  name: name(100),
  description: text(2000),
  visibility: Visibility,
  startDate: date.nullable(),
  dueDate: date.nullable(),
}
const inOrder = (p: { startDate?: string | null | undefined; dueDate?: string | null | undefined }) =>
  !p.startDate || !p.dueDate || p.startDate <= p.dueDate

export const NewProject = z
  .strictObject({
    workspaceId: id,
    name: fields.name,
    description: fields.description.default(''),
    visibility: fields.visibility.default('workspace'),
    startDate: fields.startDate.default(null),
    dueDate: fields.dueDate.default(null),
  })
  .refine(inOrder, { path: ['dueDate'], message: 'is not before startDate' })
export type NewProject = z.infer<typeof NewProject>

export const ProjectChange = z
  .strictObject({
    name: fields.name.optional(),
    description: fields.description.optional(),
    visibility: fields.visibility.optional(),
    startDate: fields.startDate.optional(),
    dueDate: fields.dueDate.optional(),
  })
  .refine(inOrder, { path: ['dueDate'], message: 'is not before startDate' })
export type ProjectChange = z.infer<typeof ProjectChange>

const params = z.strictObject({ id })
const example = { params: { id: '$project' } }

export const list = route({
  method: 'GET',
  path: '/api/projects',
  summary: 'The projects of a workspace that I may see, newest first',
  access: 'scoped',
  query: z.strictObject({ workspaceId: id, ...paging }),
  response: page(ListedProject),
  example: { query: { workspaceId: '$workspace' } },
})

export const create = route({
  method: 'POST',
  path: '/api/projects',
  summary: 'Make a project and own it; it has the boards To do, In progress and Done',
  access: 'scoped',
  idempotent: true,
  versioned: true,
  body: NewProject,
  status: 201,
  response: ProjectDetail,
  example: { body: { workspaceId: '$workspace', name: 'Launch' } },
})

export const get = route({
  method: 'GET',
  path: '/api/projects/{id}',
  summary: 'A project with its boards, labels, fields and my role',
  access: 'scoped',
  versioned: true,
  params,
  response: ProjectDetail,
  example,
})

export const update = route({
  method: 'PATCH',
  path: '/api/projects/{id}',
  summary: 'Change a project; its admins may',
  access: 'scoped',
  versioned: true,
  params,
  body: ProjectChange,
  response: Project,
  example: { ...example, body: { description: 'To the moon' } },
})

export const remove = route({
  method: 'DELETE',
  path: '/api/projects/{id}',
  summary: 'Delete a project with everything in it; its owner may',
  access: 'scoped',
  params,
  status: 204,
  example,
})
