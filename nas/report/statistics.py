"""The figures of classes. Pure."""

from dataclasses import dataclass

from nas.data.proportion import Proportion
from nas.search.answers import Confusion


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """The predictions of a model for one class.

    Attributes:
        images: Images of the class.
        answered: Images that are predicted as the class.
        right: Images of the class that are predicted as the class.
    """

    images: int
    answered: int
    right: int

    @property
    def recall(self) -> Proportion | None:
        """Recall: correct predictions over images of the class; None without images."""
        return Proportion(self.right, self.images) if self.images else None

    @property
    def precision(self) -> Proportion | None:
        """Precision: correct predictions over predictions of the class; None without any."""
        return Proportion(self.right, self.answered) if self.answered else None


def class_figures(confusion: Confusion) -> tuple[ClassFigures, ...]:
    """The figures of every class."""
    return tuple(
        ClassFigures(sum(row), sum(other[index] for other in confusion), row[index])
        for index, row in enumerate(confusion)
    )
