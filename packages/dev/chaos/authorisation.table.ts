/**
 * Who may do what: a line is what its routes answer to each column of `tenant.ts`, in this order:
 *
 *   anonymous  stranger  tenant  removed  suspended  viewer  member  admin  owner
 *
 * `stranger` is signed in and in no workspace, `tenant` owns another one, `removed` was a member of workspace, project and
 * room, `suspended` is one and may not sign in. `viewer` is a member of the workspace and a viewer of the project, in no
 * room; `member` and `admin` are that of workspace, project and room; `owner` owns the first two and made the room.
 * `ok` is an answer of the 200s or 300s. Whoever is outside gets 404, as if it were not there; whoever is inside and may
 * not gets 403; whoever is nobody, or no longer anybody, gets 401 before anything else is looked at.
 */
export const table: readonly (readonly [why: string, answers: string, routes: string])[] = [
  [
    'for anybody',
    'ok ok ok ok ok ok ok ok ok',
    `
    auth sessions.login, auth sessions.refresh, auth keys.jwks, auth keys.openid,
    user invitations.show, storage shares.look, storage shares.unlock`,
  ],
  [
    'for whoever is signed in, about themselves',
    '401 ok ok ok 401 ok ok ok ok',
    `
    auth sessions.logout, auth sessions.me, auth sessions.list, auth sessions.removeOthers, auth sessions.ticket,
    user users.me, user users.updateMe, user users.list, user users.setPassword, user users.removeMe,
    user profiles.get, user profiles.update, user profiles.startAvatar, user profiles.removeAvatar,
    user workspaces.list, user workspaces.create, user workspaces.discover, user joinRequests.create,
    noti notifications.list, noti notifications.unreadCount, noti notifications.readAll, noti preferences.get,
    noti preferences.put, noti stream.open`,
  ],
  [
    'for services alone: a token of a person is none there',
    '401 401 401 401 401 401 401 401 401',
    `
    user internal.verify, user internal.identities, user internal.standing, user internal.membership,
    user internal.memberships, user internal.lookup, user internal.directory,
    noti internal.create, noti internal.workspaceDeleted, noti internal.personDeleted, noti internal.stand, noti internal.withdraw`,
  ],
  [
    'for who is in the workspace',
    '401 404 404 404 401 ok ok ok ok',
    `
    user users.get, user workspaces.get, user members.list,
    board projects.list, board projects.create, board trello.create, board joinRequests.create,
    chat rooms.list, chat rooms.create, chat messages.search, chat live.present,
    storage folders.list, storage folders.create, storage folders.get, storage folders.update, storage folders.remove,
    storage folders.contents, storage uploads.list, storage uploads.create, storage files.list, storage files.get, storage files.update,
    storage files.remove, storage files.move, storage files.download, storage files.versions,
    storage files.restoreVersion, storage trash.list, storage trash.restore, storage shares.shareFile,
    storage shares.getFile, storage shares.removeFile, storage shares.shareFolder, storage shares.getFolder,
    storage shares.removeFolder, storage usage.get`,
  ],
  [
    'for admins of the workspace',
    '401 404 404 404 401 403 403 ok ok',
    `
    user workspaces.update, user members.remove, user invitations.list, user invitations.create,
    user invitations.remove, user joinRequests.list, user joinRequests.decide, storage trash.empty, storage trash.remove`,
  ],
  [
    'for its owner',
    '401 404 404 404 401 403 403 403 ok',
    `
    user workspaces.remove, user workspaces.transfer, user members.update`,
  ],
  [
    'for who may see the project; of requests to join, others than admins see their own',
    '401 404 404 404 401 ok ok ok ok',
    `
    board projects.get, board members.list, board joinRequests.list, board boards.list, board boards.get,
    board tasks.list, board tasks.get, board attachments.list, board attachments.download, board checklist.list,
    board labels.list, board customFields.list, board events.list, board search.list, board trash.list,
    board activity.list, board comments.list`,
  ],
  [
    'for its members',
    '401 404 404 404 401 403 ok ok ok',
    `
    board boards.create, board boards.update, board boards.reorder, board tasks.create, board tasks.update,
    board tasks.remove, board tasks.restore, board tasks.move, board tasks.assign, board attachments.create,
    board checklist.create, board checklist.update, board checklist.remove, board labels.create, board labels.update,
    board comments.create, board watchers.add, board watchers.remove`,
  ],
  [
    'for its admins, and for who wrote or attached it: here the owner',
    '401 404 404 404 401 403 403 ok ok',
    `
    board projects.update, board members.update, board members.remove, board boards.remove, board attachments.remove,
    board labels.remove, board customFields.create, board customFields.update, board customFields.remove,
    board comments.remove`,
  ],
  [
    'for its owner, or the author alone; the requests decided are those of a project that only the owner runs',
    '401 404 404 404 401 403 403 403 ok',
    `
    board projects.remove, board members.transfer, board joinRequests.decide, board comments.update`,
  ],
  ['he is in it already', '401 404 404 404 401 403 403 409 409', 'board members.add, user members.add'],
  ['for who asked to join: the owner never had to', '401 404 404 404 401 ok ok ok 404', 'board joinRequests.withdraw'],
  [
    'for who is in the room',
    '401 404 404 404 401 404 ok ok ok',
    `
    chat rooms.get, chat rooms.read, chat participants.list, chat messages.list, chat messages.send,
    chat messages.react, chat messages.unreact, chat calls.get, chat attachments.begin, chat attachments.download`,
  ],
  ['he is in it already', '401 404 404 404 401 404 409 409 409', 'chat participants.add'],
  [
    'for its admins, and for the author',
    '401 404 404 404 401 404 403 ok ok',
    `
    chat rooms.update, chat rooms.remove, chat participants.update, chat participants.remove, chat messages.remove`,
  ],
  ['for the author', '401 404 404 404 401 404 403 403 ok', 'chat messages.update'],
  ['for who is in the room; there is no LiveKit', '401 404 404 404 401 404 503 503 503', 'chat calls.join'],
  ['there is no call', '401 404 404 404 401 404 404 404 404', 'chat calls.end'],
  [
    'for the person whom it concerns, or who began it: the owner',
    '401 404 404 404 401 404 404 404 ok',
    `
    board attachments.confirm, noti notifications.get, noti notifications.read, noti notifications.remove,
    storage uploads.complete, auth sessions.remove`,
  ],
  [
    'for who began it, here the owner, and for admins of the workspace',
    '401 404 404 404 401 404 404 ok ok',
    'storage uploads.abort',
  ],
  [
    'for the person who was invited, by an address that is nobody’s here',
    '401 403 403 403 401 403 403 403 403',
    `
    user invitations.accept, user invitations.decline`,
  ],
  [
    'for operators: see the other table',
    '401 403 403 403 401 403 403 403 403',
    `
    ops status.get, ops status.services, ops status.health, ops jobs.list, ops metrics.overview, ops metrics.services,
    ops metrics.service, ops slo.get, ops logs.list, ops deployments.list, ops people.list, ops people.get,
    ops people.update, ops people.setStatus, ops people.setRole, ops audit.list, ops settings.list, ops settings.get,
    ops settings.set, ops jobs.retry, ops jobs.discard`,
  ],
  [
    'nothing was uploaded under this key, or it is no picture',
    '401 404 404 404 401 404 404 404 404',
    `
    user profiles.confirmAvatar, storage files.thumbnail`,
  ],
  [
    'for whoever is signed in; the rest of the form is asked for',
    '401 415 415 415 401 415 415 415 415',
    'storage files.upload',
  ],
  ['this address is taken after the first', 'ok 409 409 409 409 409 409 409 409', 'user users.create'],
  ['signed by LiveKit, which is not there', '503 503 503 503 503 503 503 503 503', 'chat calls.webhook'],
  [
    'proved by what Google and the browser bring, which is wrong here',
    '400 400 400 400 400 400 400 400 400',
    `
    auth google.authorize, auth google.callback`,
  ],
  ['proved by a code, which is wrong here', '401 401 401 401 401 401 401 401 401', 'auth google.exchange'],
]

/** The roles of the platform, as ops knows them: user, viewer, operator, admin. */
export const platform: readonly (readonly [answers: string, routes: string])[] = [
  [
    '403 ok ok ok',
    `
    status.get, status.services, status.health, jobs.list, metrics.overview, metrics.services, metrics.service, slo.get, logs.list,
    deployments.list, people.list, people.get, audit.list, settings.list, settings.get`,
  ],
  // There is no such job.
  ['403 403 404 404', 'jobs.retry, jobs.discard'],
  ['403 403 403 ok', 'people.update, people.setStatus, people.setRole, settings.set'],
]
