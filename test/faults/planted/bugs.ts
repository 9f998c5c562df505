/** One change of a file of the build: `find` stands in it exactly once. */
export interface Edit {
  /** below the package's root */
  readonly file: string
  readonly find: string
  readonly put: string
}

/** A mistake that somebody could make, and the runs that must turn red by it. */
export interface PlantedBug {
  readonly name: string
  readonly edits: readonly Edit[]
  readonly runs: ReadonlyArray<{ readonly row: string; readonly seed: number }>
  /** rules of test/faults/README.md, one of which each run must see broken */
  readonly rules: readonly string[]
}

/** The bugs of I15, in its order. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'gives at the decision',
    edits: [
      {
        file: 'lua/lib/attempt.lua',
        find: '  write_user(attempt, replay_record)\n  write_rest(attempt)',
        put: `  for field, delta in pairs(attempt.gives or {}) do
    if delta > 0 then
      attempt.adds[field] = (attempt.adds[field] or 0) + delta
    end
  end
  write_user(attempt, replay_record)
  write_rest(attempt)`
      },
      { file: 'lua/lib/attempt.lua', find: 'give(attempt.frame, KEYS[attempt.user_index], field, delta)', put: '' }
    ],
    runs: [{ row: 'F42', seed: 1 }],
    rules: ['I8']
  },
  {
    name: '201 on a replay without a look at the outbox',
    edits: [{ file: 'lua/steps/replay.lua', find: 'if not mine and epoch == EPOCH then', put: 'if false then' }],
    runs: [{ row: 'F43', seed: 1 }],
    rules: ['I12']
  },
  {
    name: 'one SHA for all openings and no look at replid',
    edits: [
      {
        file: 'build/src/gate/redis/scripts.js',
        find: "const [shebang = '', ...lines] = assembledText(name).split('\\n');",
        put: `const [shebang = '', ...lines] = assembledText(name).split('\\n');
    opening = { ...opening, epoch: name === 'gate' ? 0 : opening.epoch, replid: '' };`
      },
      {
        file: 'lua/gate.lua',
        find: 'local opening = open_opening(KEYS[1], KEYS[4])',
        put: "EPOCH = redis.call('HGET', KEYS[1], 'open') or ''\nlocal opening = open_opening(KEYS[1], KEYS[4])"
      },
      {
        file: 'lua/lib/opening.lua',
        find: "string.find(redis.call('INFO', 'replication'), 'master_replid:' .. REPLID .. '\\r', 1, true)",
        put: 'REPLID'
      }
    ],
    // back on the first Redis with what the second one knew
    runs: [{ row: 'F17', seed: 2 }],
    rules: ['I1', 'I2', 'I6', 'I12']
  },
  {
    name: 'older stream not sealed',
    edits: [
      {
        file: 'build/src/journal/streams.js',
        find: 'await jsm.streams.update(name, { ...info.config, sealed: true });',
        put: ''
      },
      { file: 'build/src/journal/streams.js', find: 'if (!sealed?.config.sealed)', put: 'if (!sealed)' }
    ],
    runs: [{ row: 'F29', seed: 1 }],
    rules: ['I1', 'I10', 'I12']
  },
  {
    name: 'position outside the transaction',
    edits: [
      {
        file: 'build/src/store/projection/projection.js',
        find: "    await session.query('begin');\n    try {\n        await advancePosition(session, projected);\n",
        put: "    await advancePosition(session, projected);\n    await session.query('begin');\n    try {\n"
      }
    ],
    runs: [{ row: 'F30', seed: 1 }],
    rules: ['I1']
  },
  {
    name: 'confirm before the ack',
    edits: [
      {
        file: 'build/src/gate/shard/confirmer.js',
        find: 'const result = await publisher.publish({',
        put: 'const result = { acked: true };\n        void publisher.publish({'
      }
    ],
    runs: [{ row: 'F43', seed: 1 }],
    rules: ['I12']
  },
  {
    name: 'no dedupe of frames',
    edits: [
      {
        file: 'build/src/store/projection/journal-position.js',
        find: 'new Set(stored.rows.map(({ entry }) => entry))',
        put: 'new Set(frames.map(({ epoch, batch }) => [epoch, batch].join("-")))'
      },
      // copies that one transaction holds
      {
        file: 'build/src/worker/projection/fold-frames.js',
        find: 'if (!fresh.has(entry) || taken.has(entry))',
        put: 'if (!fresh.has(entry))'
      },
      // the second line: a copy violates the key of its decisions, and would be set apart
      {
        file: 'build/src/worker/projection/projector.js',
        find: 'if (!isViolation(error))',
        put: 'if (isViolation(error) || true)'
      }
    ],
    runs: [{ row: 'F24', seed: 1 }],
    rules: ['I1', 'I2', 'I4']
  },
  {
    name: 'an empty read taken for the end',
    edits: [
      {
        file: 'build/src/worker/projection/projector.js',
        find: 'await this.step(epoch, 500, refused);',
        put: 'if ((await this.step(epoch, 500, refused)) === 0)\n                return;'
      }
    ],
    // the reader loses its place while it reads a sealed stream
    runs: [{ row: 'F28', seed: 3 }],
    rules: ['I1', 'I12']
  },
  {
    name: 'no probe by the owner',
    edits: [
      { file: 'build/src/worker/shard/owner.js', find: 'run: () => this.#probe(scripts)', put: 'run: async () => { }' }
    ],
    runs: [{ row: 'F15', seed: 1 }],
    rules: ['I4', 'I5', 'I7', 'I11']
  },
  {
    name: 'a loan closed when its units are lent',
    edits: [
      {
        file: 'build/src/worker/loans/driver.js',
        find: 'if (amount > 0 && !(await this.#receive(',
        put: 'if (amount > 0 && false && !(await this.#receive('
      }
    ],
    runs: [{ row: 'F53', seed: 1 }],
    rules: ['I4', 'I5']
  },
  {
    name: 'a drawn spin ended under another key each time',
    edits: [
      {
        file: 'build/src/worker/drivers/finish-spins.js',
        find: 'key: replayField.spin(id),',
        put: "key: [replayField.spin(id), Date.now()].join('-'),"
      }
    ],
    runs: [{ row: 'F57', seed: 1 }],
    rules: ['I2', 'I7']
  },
  {
    name: 'what was spent counts as left when points expire',
    edits: [
      {
        file: 'build/src/campaign/actions/points-left.js',
        find: 'takenOff(all, isTakenBack ? takenOff(own, -delta) : -delta);',
        put: 'takenOff(own, isTakenBack ? -delta : 0);'
      }
    ],
    runs: [{ row: 'F58', seed: 1 }],
    rules: ['I8']
  },
  {
    name: 'an act noted under another key each time',
    edits: [
      {
        file: 'build/src/http/wins/fulfilment.js',
        find: 'key: replayField.operator(operator, key),',
        put: "key: replayField.operator(operator, [key, Date.now()].join('-')),"
      }
    ],
    runs: [{ row: 'F55', seed: 1 }],
    rules: ['I2']
  },
  {
    name: 'an order of a job cancelled under another key each time',
    edits: [
      {
        file: 'build/src/campaign/actions/affected-orders.js',
        find: 'key: replayField.job(id, order.id),',
        put: "key: [replayField.job(id, order.id), Date.now()].join(':'),"
      }
    ],
    runs: [{ row: 'F56', seed: 1 }],
    rules: ['I2', 'I6']
  }
]
