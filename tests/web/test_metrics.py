"""The metrics, read with Prometheus' own parser."""

from prometheus_client.parser import text_string_to_metric_families

from tests.web.small_switch import BEARER, Running, next_event


async def read(running: Running) -> dict[str, dict[tuple[str, ...], float]]:
    """Sample name -> label values -> value; each family once."""
    answer = await running.client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = list(text_string_to_metric_families(answer.text))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    assert all(family.documentation for family in families)
    assert all(family.type in ("counter", "gauge") for family in families)
    samples: dict[str, dict[tuple[str, ...], float]] = {}
    for family in families:
        for sample in family.samples:
            labels = tuple(sample.labels.values())
            assert labels not in samples.setdefault(sample.name, {})
            samples[sample.name][labels] = sample.value
    return samples


EXPECTED: dict[str, dict[tuple[str, ...], float]] = {
    "softacd_queue_agents_busy": {("sales",): 2, ("support",): 1},
    "softacd_queue_agents_staffed": {("sales",): 2, ("support",): 2},
    "softacd_queue_offered_today": {("sales",): 31, ("support",): 0},
    "softacd_queue_abandoned_today": {("sales",): 2, ("support",): 0},
    "softacd_store_spooled_rows": {(): 0},
    "softacd_web_watchers_dropped_total": {(): 0},
    "softacd_info": {("0.1.0",): 1},
    "softacd_check_healthy": {("sip",): 1, ("store",): 1},
    "softacd_trunk_up": {("alpha",): 1, ("beta",): 0},
    "softacd_trunk_round_trip_seconds": {("alpha",): 0.0125},
    "softacd_trunk_calls": {("alpha",): 1, ("beta",): 0},
    "softacd_trunk_failures": {("alpha",): 0, ("beta",): 3},
    "softacd_phones": {(): 2},
    "softacd_phones_registered": {(): 1},
    "softacd_queue_missed_calls_total": {("sales",): 3, ("support",): 0},
    "softacd_queue_missed_value_total": {("MDL", "sales"): 1050, ("MDL", "support"): 0},
    "softacd_queue_waiting": {("sales",): 2, ("support",): 0},
    "softacd_queue_call_backs": {("sales",): 0, ("support",): 0},
    "softacd_queue_longest_wait_seconds": {("sales",): 74.5, ("support",): 0},
    "softacd_queue_agents_ready": {("sales",): 0, ("support",): 1},
    "softacd_queue_answered_today": {("sales",): 27, ("support",): 0},
    "softacd_queue_service_level_ratio": {("sales",): 0.875},
    "softacd_queue_expected_wait_seconds": {("sales",): 95},
    "softacd_queue_estimate_error_seconds": {("sales",): 22.5},
    "softacd_queue_estimate_coverage_ratio": {("sales",): 0.8},
    "softacd_agents_by_status": {
        ("logged-out",): 0,
        ("available",): 2,
        ("break",): 0,
        ("lunch",): 1,
        ("not-ready",): 0,
    },
    "softacd_agents_by_state": {
        ("idle",): 1,
        ("offered",): 0,
        ("ringing",): 0,
        ("talking",): 1,
        ("held",): 0,
        ("wrap-up",): 1,
        ("after-call",): 0,
        ("own-call",): 0,
    },
    "softacd_calls": {("incoming",): 1, ("outgoing",): 0, ("internal",): 0},
    "softacd_calls_by_phase": {("talking",): 1},
    "softacd_store_queued_rows": {(): 3},
    "softacd_store_lag_seconds": {(): 0.25},
    "softacd_store_failing": {(): 0},
    "softacd_store_written_rows_total": {(): 500},
    "softacd_sip_messages_received_total": {(): 1234},
    "softacd_odd_name__total": {(): 1},
    "softacd_rtp_ports_in_use": {(): 4},
    "softacd_web_refused_total": {("closed",): 0, ("missing",): 0, ("wrong",): 0, ("too-many",): 0},
    "softacd_web_watchers": {(): 0},
    "softacd_web_events_total": {(): 0},
}


async def test_every_figure(running: Running) -> None:
    samples = await read(running)
    assert {name: samples.get(name) for name in EXPECTED} == EXPECTED
    assert {name for name in samples if name.startswith("softacd_")} == set(EXPECTED)


async def test_figures_follow_the_switch(running: Running) -> None:
    async with running.watch() as socket:
        await next_event(socket)
        await running.client.put("/api/v1/agents/ann/status", json={"status": "lunch"}, headers=BEARER)
        await running.client.get("/api/v1/agents")
        samples = await read(running)
    assert samples["softacd_agents_by_status"]["lunch",] == 2
    assert samples["softacd_web_watchers"] == {(): 1}
    assert samples["softacd_web_events_total"] == {(): 2}, "the change, and who asked for it"
    assert samples["softacd_web_refused_total"]["missing",] == 1


async def test_the_process_s_own_figures(running: Running) -> None:
    samples = await read(running)
    assert samples["process_open_fds"][()] > 3
    assert samples["process_resident_memory_bytes"][()] > 10_000_000
    assert not [name for name in samples if name.startswith("python_")]
