"""What any worker can say of any model: the latest report, a bounded history, and alerts.

``said`` is what is written, ``shelf`` what is kept of one model and what is answered from it,
``local`` the view in memory, ``published`` the same fed with what all workers publish.
``redis_store`` keeps the same in Redis for all workers, by the
rules of ``scripts``; ``writer`` is the task that brings it there.
"""
