/**
 * What a linter finds and the schema keeps: the rule, the lines of schema.graphql it is about (none: wherever the rule
 * applies), and the reason. An exception that nothing needs any more fails the check.
 */
export const ESLINT = [
  {
    rule: 'strict-id-in-types',
    line: /^type \w+(Connection|Edge) \{$/,
    reason: 'A page of a list and its edges have no identity of their own; cursors mark places in it.',
  },
  {
    rule: 'strict-id-in-types',
    line: /^type PageInfo \{$/,
    reason: 'Relay specifies its fields, and an id is none of them.',
  },
  {
    rule: 'strict-id-in-types',
    line: /^type (ActivitySignal|Actor|Change|Container|EventIssue|Location|SecurityLevel|Target|UserAlias|UserConflict) \{$/,
    reason:
      'Parts of an event, issue or user, as upstream told them: they cannot be asked for alone. Where they have an `id`, it is ' +
      "upstream's, which may be missing and is not global.",
  },
  {
    rule: 'strict-id-in-types',
    line: /^type (Action|ActivityCount|ActivityRow|Backfill|Budget|Coverage|EmptyReason|Field|FilterSubscriptionRun|IssueView|Membership|ParsedSearch|Resolution|Saved(ActivityOrder|EventOrder|View)|SavedFilter(Audience|Owner|Problem)|Schedule|SchedulePreview|SearchProblem|SourceWarning|Status|StatusTransition|SyncRun|Viewer) \{$/,
    reason:
      'Nothing refers to them: an action is known by its code, a status, resolution or field by its name; runs, budgets, backfills, coverage and warnings belong to their source, a schedule and what became of its times to what is scheduled, a membership ' +
      'to its group or user, a view of an issue is its event, how a saved filter is shown and shared belongs to it, counts and their rows are worked out anew each time, and the viewer is who asks.',
  },
  {
    rule: 'strict-id-in-types',
    line: /^type Webhook(Attempt|Delivery) \{$/,
    reason: 'Deliveries and their attempts are found through their webhook endpoint, and are forgotten one day.',
  },
  {
    rule: 'strict-id-in-types',
    line: /^type \w+Payload \{$/,
    reason: 'What a mutation answers with is not kept; the things in it have their own ids.',
  },
  {
    rule: 'strict-id-in-types',
    line: /^type (LostField|ProfileFieldChange|RestoredField) \{$/,
    reason: 'Fields of a profile or issue upstream, as what a mutation answers with lists them.',
  },
  {
    rule: 'strict-id-in-types',
    line: /^type ExportAuthor \{$/,
    reason: 'Who asked for an export: a name, and the user where a token acts for one.',
  },
  {
    rule: 'no-typename-prefix',
    line: /^container: Container$/,
    reason: 'Not a prefix but the same thing again: the place around a place, named as on Event and Project.',
  },
  {
    rule: 'relay-edge-types',
    message: /^A list type should only wrap an edge type/,
    reason:
      'Short lists that belong to one thing come whole (changes, aliases, the catalogue of actions), `nodes` of a ' +
      'connection spares the edges to who needs no cursors, and Query.nodes is as Relay wants it.',
  },
  {
    rule: 'relay-edge-types',
    line: /^type (ActivityRow|Field|IssueView|Membership|Resolution|Status)Edge \{$/,
    reason:
      'The cursor specification allows any type as a node; a membership is an interval, found through its group, a view ' +
      'of an issue is an event under another name, filters take statuses, resolutions and fields by name, and rows of ' +
      'counts are worked out anew each time.',
  },
  {
    rule: 'relay-edge-types',
    line: /^type WebhookDeliveryEdge \{$/,
    reason: 'The cursor specification allows any type as a node; a delivery is found through its webhook endpoint.',
  },
];

export const SCHEMA_LINTER = ['type-fields', 'enum-values', 'input-object-fields'].map((what) => ({
  rule: `${what}-sorted-alphabetically`,
  reason: 'The order is for readers: what matters first, what belongs together beside each other.',
}));
