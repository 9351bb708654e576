"""Steps of call flows in a few words, for people."""

from softacd.calls.flow_steps import (
    BranchStep,
    CallBackStep,
    CollectStep,
    DialStep,
    HoursStep,
    LookupStep,
    MenuStep,
    NoticeStep,
    PlayStep,
    QueueStep,
    RingStep,
    SayStep,
    SetStep,
    Step,
    SubFlowStep,
    SurveyStep,
    TransferStep,
    VoicemailStep,
    WebhookStep,
)


def describe(step: Step) -> str:
    """What a step does, in a few words."""
    return f"{step.__struct_config__.tag} {_detail(step)}".strip()


def _detail(step: Step) -> str:
    match step:
        case SayStep() | NoticeStep():
            return ", ".join(step.prompts)
        case MenuStep():
            return f"{', '.join(step.prompts)} ({step.tries} x {step.timeout_seconds:g} s)"
        case CollectStep():
            digits = f"{step.least}" if step.least == step.most else f"{step.least} to {step.most}"
            masked = ", masked" if step.masked else ""
            return f"{step.into} ({digits} digits{masked}{f', {step.attempts} attempts' if step.attempts else ''})"
        case BranchStep():
            return f"({len(step.cases)} cases)"
        case HoursStep():
            return step.hours
        case LookupStep():
            return f"{step.source} {step.query or step.path} ({step.timeout_seconds:g} s)"
        case SetStep():
            return ", ".join(f"{name} = {text}" for name, text in step.values.items())
        case QueueStep():
            return step.queue + (f" priority {step.priority}" if step.priority else "")
        case CallBackStep():
            return step.queue
        case VoicemailStep():
            return step.mailbox
        case SurveyStep():
            return f"{step.topic} ({step.least} to {step.most})"
        case RingStep():
            return f"{step.extension or step.agent} for {step.seconds:g} s"
        case DialStep() | TransferStep():
            return step.number
        case PlayStep():
            return f"{step.music} for {step.seconds:g} s"
        case SubFlowStep():
            return step.flow
        case WebhookStep():
            return f"{step.source} {step.path}"
        case _:
            return ""
