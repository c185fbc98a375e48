"""``POST /v1/feedback``: a suggestion was shown or accepted. Only counted; no text is sent."""

from __future__ import annotations

from ..call import Call
from ..endpoint import Answer, Endpoint
from ..schema.usage import FeedbackRequest, FeedbackResponse
from ..store.usage import Counts


async def feedback(call: Call, body: FeedbackRequest) -> Answer:
    model = await call.model(body.model)
    counts = Counts(shown=int(body.event == "shown"), accepted=int(body.event == "accepted"))
    recorder = call.services.usage
    recorder.add(call.user, model.id, "/complete", counts)
    return FeedbackResponse(noted=recorder.active)


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/feedback",
    summary="Count a suggestion as shown or accepted",
    handle=feedback,
    takes=FeedbackRequest,
    gives=FeedbackResponse,
    scopes=frozenset({"complete"}),
)
