"""The one page of the guest book."""

from django.shortcuts import redirect, render

from .models import Entry


def index(request):
    if request.method == "POST" and request.POST.get("text"):
        Entry.objects.create(text=request.POST["text"][:200])
        return redirect("index")
    return render(request, "guestbook.html", {"entries": Entry.objects.order_by("-written")[:50]})
