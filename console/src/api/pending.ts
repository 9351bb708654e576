// What the API answers where its description does not say so yet.

export interface FieldView {
  key: string;
  meaning: string;
  type: string;
  default: unknown;
  required: boolean;
  choices: string[];
  secret: boolean;
  restart: string;
}

export interface EntryView {
  name: string;
  file: string;
  line: number;
  values: Record<string, unknown>;
  secrets: string[];
}

export interface SectionView {
  section: string;
  meaning: string;
  named: boolean;
  editable: boolean;
  fields: FieldView[];
  entries: EntryView[];
}

export interface ConfigurationView {
  version: string;
  running: boolean;
  sections: SectionView[];
}

export interface ProblemView {
  file: string;
  line: number;
  key: string;
  message: string;
  expected: string;
  suggestion: string;
  severity: "error" | "warning";
}

export interface Difference {
  kind: "added" | "removed" | "changed";
  key: string;
  old: string;
  new: string;
  restart: string;
}

export interface Proposal {
  base: string;
  acceptable: boolean;
  diff: string;
  differences: Difference[];
  problems: ProblemView[];
}

export interface VersionView {
  number: number;
  version: string;
  at: number;
  author: string;
  comment: string;
  files: string[];
}

export interface Applied {
  version: VersionView;
  proposal: Proposal;
}

export interface VersionDiff {
  number: number;
  diff: string;
}
